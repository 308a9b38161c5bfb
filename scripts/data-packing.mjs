// Packs the static data of a compiled module. The compiler lays every string out as UTF-16 behind a header of its own,
// most of which is zeros: of a module with many texts that is a third. Packed, it is one segment behind the data's
// place and a function that spreads it out before anything else runs. An instance starts no later for it: thousands of
// small segments, which it replaces, take longer.
//
// Packed data is a sequence of runs: a control byte, then its bytes. The lowest two bits of the control byte tell how
// far the bytes stand from each other, the others how many they are, less one. What is between them stays zero.
//
//   0   as many zeros, without bytes
//   1   bytes      2   16-bit numbers below 256, such as ASCII text      3   32-bit numbers below 256

import { binaryen } from "./binaryen.mjs";

const ENTRY = "_initialize";
const UNPACK = "~unpack";
/** The name of the only memory in a module that was read from bytes. */
const MEMORY = "0";
const PAGE = 65_536;
const NO_MAXIMUM = -1;
const MOST_IN_RUN = 64;

/**
 * The same module with packed data. Modules without data, without an export `_initialize`, with another's memory or
 * with data that is not laid out when the module starts are returned as they are. `names` keeps the names of functions.
 *
 * @param {Uint8Array} bytes
 * @param {{ names?: boolean }} [options]
 * @returns {Uint8Array}
 */
export function packData(bytes, { names = false } = {}) {
  binaryen.setDebugInfo(names);
  const module = binaryen.readBinary(bytes);
  try {
    const entry = initialFunction(module);
    const image = memoryImage(module);
    if (entry === undefined || image === undefined) return bytes;
    const { module: memoryOf, initial, max } = module.getMemoryInfo(MEMORY);
    if (memoryOf !== "") return bytes;
    const packed = pack(image);
    // Behind all that the module has: nothing else is there when it starts, and then the heap grows into it.
    const place = initial * PAGE;
    const segment = { offset: module.i32.const(place), data: packed };
    const pages = initial + Math.ceil(packed.length / PAGE);
    module.setMemory(pages, max ?? NO_MAXIMUM, null, [segment], false, false, MEMORY);
    const { none, i32 } = binaryen;
    const body = [spread(module, place, packed.length), module.call(entry, [], none)];
    module.addFunction(UNPACK, none, none, [i32, i32, i32, i32], module.block(null, body));
    module.removeExport(ENTRY);
    module.addFunctionExport(UNPACK, ENTRY);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** The name of the function that the host calls first. */
function initialFunction(module) {
  for (let i = 0; i < module.getNumExports(); i++) {
    const { kind, name, value } = binaryen.getExportInfo(module.getExportByIndex(i));
    if (kind === binaryen.ExternalKinds.Function && name === ENTRY) return value;
  }
  return undefined;
}

/** Memory as it is at the start, up to the last byte of data. */
function memoryImage(module) {
  const segments = [];
  for (let i = 0; i < module.getNumDataSegments(); i++) {
    const { passive, offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(i));
    if (passive) return undefined;
    segments.push({ at: offset, bytes: new Uint8Array(data) });
  }
  if (segments.length === 0) return undefined;
  const image = new Uint8Array(Math.max(...segments.map(({ at, bytes }) => at + bytes.length)));
  for (const { at, bytes } of segments) image.set(bytes, at);
  return image;
}

/** The shortest sequence of runs: the best way to each byte is the best of the ways to those before it. */
function pack(image) {
  const length = image.length;
  const costs = new Uint32Array(length + 1).fill(0xffff_ffff);
  const kinds = new Uint8Array(length + 1);
  const counts = new Uint8Array(length + 1);
  costs[0] = 0;
  for (let at = 0; at < length; at++) {
    for (let kind = 0; kind < 4; kind++) {
      const stride = Math.max(strideOf(kind), 1);
      for (let count = 1, end = at; count <= MOST_IN_RUN; count++) {
        if (end + stride > length || !isInRun(image, end, kind)) break;
        end += stride;
        const cost = costs[at] + 1 + (kind === 0 ? 0 : count);
        if (cost >= costs[end]) continue;
        costs[end] = cost;
        kinds[end] = kind;
        counts[end] = count;
      }
    }
  }
  const packed = new Uint8Array(costs[length]);
  for (let end = length; end > 0;) {
    const stride = strideOf(kinds[end]);
    const start = end - counts[end] * Math.max(stride, 1);
    let to = costs[start];
    packed[to++] = kinds[end] | ((counts[end] - 1) << 2);
    if (stride > 0) for (let from = start; from < end; from += stride) packed[to++] = image[from];
    end = start;
  }
  return packed;
}

/** How far the bytes of a run stand from each other; 0 for a run of zeros. */
function strideOf(kind) {
  return (1 << kind) >> 1;
}

function isInRun(image, at, kind) {
  if (kind === 0) return image[at] === 0;
  for (let i = at + strideOf(kind) - 1; i > at; i--) if (image[i] !== 0) return false;
  return true;
}

/**
 * What spreads the `size` packed bytes at `place` out from address 0 on, and clears them:
 *
 *     do {
 *       count = (load(from) >> 2) + 1; stride = (1 << (load(from) & 3)) >> 1; from++;
 *       if (stride == 0) to += count;
 *       else do { store(to, load(from)); from++; to += stride; } while (--count);
 *     } while (from < place + size);
 */
function spread(module, place, size) {
  const { i32, local } = module;
  const [from, to, count, stride] = [0, 1, 2, 3];
  const get = (index) => local.get(index, binaryen.i32);
  const add = (index, value) => local.set(index, i32.add(get(index), value));
  const constant = (value) => i32.const(value);
  const control = () => i32.load8_u(0, 1, get(from));
  return module.block(null, [
    local.set(from, constant(place)),
    module.loop(
      "run",
      module.block(null, [
        local.set(count, i32.add(i32.shr_u(control(), constant(2)), constant(1))),
        local.set(stride, i32.shr_u(i32.shl(constant(1), i32.and(control(), constant(3))), constant(1))),
        add(from, constant(1)),
        module.if(
          i32.eqz(get(stride)),
          add(to, get(count)),
          module.loop(
            "byte",
            module.block(null, [
              i32.store8(0, 1, get(to), control()),
              add(from, constant(1)),
              add(to, get(stride)),
              add(count, constant(-1)),
              module.br("byte", get(count)),
            ]),
          ),
        ),
        module.br("run", i32.lt_u(get(from), constant(place + size))),
      ]),
    ),
    module.memory.fill(constant(place), constant(0), constant(size), MEMORY),
  ]);
}
