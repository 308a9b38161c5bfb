// Media types of files of which nothing else is told: by their address, by their first bytes.

import { lowerAscii, Span } from "../../bytes";

/** ` extension=subtype ` of each class of types. */
const IMAGES: string =
  " jpg=jpeg jpeg=jpeg png=png gif=gif webp=webp bmp=bmp svg=svg+xml ico=x-icon heic=heic heif=heif tiff=tiff tif=tiff ";
const VIDEOS: string =
  " mp4=mp4 mpeg=mpeg mpg=mpeg mov=quicktime avi=x-msvideo wmv=x-ms-wmv webm=webm mkv=x-matroska flv=x-flv 3gp=3gpp 3g2=3gpp2 m4v=x-m4v ";
const AUDIOS: string = " mp3=mpeg wav=wav ogg=ogg flac=flac aac=aac m4a=mp4 wma=x-ms-wma opus=opus ";

/** The media type that goes with the extension of an address; `application/octet-stream` for an unknown one. */
export function mediaTypeOfUrl(url: Span): string {
  let end = 0;
  while (end < url.size && url.at(end) != 0x3f && url.at(end) != 0x23) end++;
  const path = url.slice(0, end);
  const dot = path.lastIndexOf(0x2e);
  const extension = dot < 0 ? "" : lowerAscii(path.slice(dot + 1)).toString();
  // A long one is none, and one with a separator could match across entries.
  if (extension.length < 6 && !extension.includes(" ") && !extension.includes("=")) {
    let type = typeIn(IMAGES, "image/", extension);
    if (type.length == 0) type = typeIn(VIDEOS, "video/", extension);
    if (type.length == 0) type = typeIn(AUDIOS, "audio/", extension);
    if (type.length > 0) return type;
    if (extension == "pdf") return "application/pdf";
  }
  return "application/octet-stream";
}

function typeIn(table: string, prefix: string, extension: string): string {
  const at = table.indexOf(" " + extension + "=");
  if (at < 0 || extension.length == 0) return "";
  const start = at + extension.length + 2;
  return prefix + table.substring(start, table.indexOf(" ", start));
}

/** The media type of a picture, by its first bytes; "" for what is none. */
export function mediaTypeOfImage(bytes: Span): string {
  if (bytes.size < 12) return "";
  const start = wordAt(bytes, 0);
  const third = wordAt(bytes, 8);
  if (start == 0x89504e47) return "image/png";
  if (start >> 8 == 0xffd8ff) return "image/jpeg";
  if (start == 0x47494638) return "image/gif";
  if (start == 0x52494646 && third == 0x57454250) return "image/webp";
  if (start >> 16 == 0x424d) return "image/bmp";
  if (start == 0x00000100) return "image/x-icon";
  if (start == 0x49492a00 || start == 0x4d4d002a) return "image/tiff";
  // The brand of an ISO file: avif, heic and its like, mif1.
  if (wordAt(bytes, 4) != 0x66747970) return "";
  if (third == 0x61766966) return "image/avif";
  if (third == 0x6d696631) return "image/heif";
  return third >> 8 == 0x686569 ? "image/heic" : "";
}

/** Four bytes, the first in front. */
function wordAt(bytes: Span, at: i32): u32 {
  let word: u32 = 0;
  for (let i = 0; i < 4; i++) word = (word << 8) | (<u32>bytes.at(at + i));
  return word;
}
