// Templates as the page of the Go plugin describes them, against the compiled library in three builds.

import { beforeAll, describe, expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";
import { builds } from "../../bytes/test/builds.ts";
import { randomOf } from "../../gjson/test/random.ts";
import { randomTemplate } from "./random-template.ts";

const data =
  '{"a":{"b":1.50,"s":"x<y","n":null,"l":[{"k":"p"},{"k":"q","z":2}],"e":[],"o":{}},"t":true,"f":false,"zero":0,' +
  '"empty":"","m":{"y":1,"x":"two"},"raw":{ "k" : [1, 2] },"é":"ü","user_name":"joe","five":"5"}';

class Templates {
  readonly probe: Probe;
  private calls = 0;
  constructor(probe: Probe) {
    this.probe = probe;
  }

  private result(): string {
    return this.probe.take(this.probe.exports.resultStart!(), this.probe.exports.resultSize!()).toString();
  }

  /** The error of the text, "" when it compiles. */
  compile(text: string): string {
    if (++this.calls % 64 === 0) this.probe.exports.collect!();
    this.probe.put(Buffer.from(text));
    this.probe.exports.compile!();
    return this.result();
  }

  /** The rendering, or `ERROR ` and the error. */
  render(text: string, json = data, maxSteps = 1n << 30n, maxBytes = 1 << 26): string {
    const error = this.compile(text);
    if (error !== "") return `COMPILE ${error}`;
    this.probe.put(Buffer.from(json));
    const isDone = this.probe.exports.render!(maxSteps, maxBytes);
    return isDone ? this.result() : `ERROR ${this.result()}`;
  }

  get spent(): number {
    return Number(this.probe.exports.spent!());
  }
}

/** Template and rendering. */
const cases: [name: string, rows: [template: string, text: string][]][] = [
  [
    "the golden cases of the page",
    [
      ["{{.a.b}}", "1.50"],
      ["{{.a.s}}", "x<y"],
      ["{{.a.n}}", "null"],
      ["{{.a.q}}", ""],
      ['{{gjson "a.l.#.k"}}', '["p","q"]'],
      ['{{gjson "a.l.#(k==\\"q\\").z"}}', "2"],
      ["{{range $i, $e := .a.l}}{{if $i}},{{end}}{{add $i 1}}:{{$e.k}}{{end}}", "1:p,2:q"],
      ["{{range .a.e}}x{{else}}none{{end}}", "none"],
      ["{{len .a.l}}-{{len .a.s}}", "2-3"],
      ["{{(index .a.l 1).k}}", "q"],
      ["{{if .a.o}}t{{else}}f{{end}}", "f"],
      ['{{.a.s | upper}} {{.a.q | default "d"}}', "X<Y d"],
      ['{{eq .a.s "x<y"}} {{eq .a.b 1.5}} {{ne .a.b 1.5}}', "true true true"],
      ['{{printf "%s-%d" .a.l 3}}', '[{"k":"p"},{"k":"q","z":2}]-3'],
    ],
  ],
  [
    "text, white space and comments",
    [
      ["", ""],
      ["plain { } }}", "plain { } }}"],
      ["a \n {{- 1 -}} \n b", "a1b"],
      ["a {{1 -}} b", "a 1b"],
      ["a {{- 1}} b", "a1 b"],
      ["a{{/* c }} */}}b", "ab"],
      ["a {{- /* c */ -}} b", "ab"],
      ["{{3 -1}}", "ERROR"],
      ["{{ .t\n}}", "true"],
    ],
  ],
  [
    "literals",
    [
      [
        "{{1.5}} {{1e3}} {{0x1F}} {{017}} {{0o17}} {{0b101}} {{1_000}} {{-2}}",
        "1.500000 1000 31 15 15 5 1000 -2",
      ],
      ['{{"\\t\\u00e9\\x41\\101\\"" }}', '\téAA"'],
      ['{{`a\\n"`}}', 'a\\n"'],
      ["{{'a'}} {{'\\n'}} {{'é'}}", "97 10 233"],
      ["{{true}} {{false}}", "true false"],
      ['{{eq nil .a.n}} {{print nil "x"}}', "true null x"],
    ],
  ],
  [
    "fields and variables",
    [
      ["{{.é}} {{.user_name}}", "ü joe"],
      ["{{.raw}}", '{ "k" : [1, 2] }'],
      ["{{$.a.b}}", "1.50"],
      ["{{$x := .a}}{{$x.s}}", "x<y"],
      ["{{(.a).s}}", "x<y"],
      ["{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"],
      ["{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"],
      ["{{with .a.l}}{{len .}}{{$.t}}{{end}}", "2true"],
      ["{{with $x := .a.s}}{{$x}}{{.}}{{else}}no{{end}}", "x<yx<y"],
      ["{{with .a.q}}yes{{else with .t}}{{.}}{{end}}", "true"],
      ["{{.a.s.x}}{{.nosuch.x.y}}", ""],
    ],
  ],
  [
    "truth",
    [
      [
        '{{range $v := list .a.q .a.n .f .zero .empty .a.o .a.e .t .m .a.l 1 "x" 0.0}}{{if $v}}1{{else}}0{{end}}{{end}}',
        "0000000111110",
      ],
      ["{{if false}}a{{else if true}}b{{else}}c{{end}}", "b"],
      ["{{if not .a.q}}y{{end}}", "y"],
      ["{{and 1 0 2}} {{or 0 .empty 5}} {{and 1 2}} {{or 0 .f}}", "0 5 2 false"],
    ],
  ],
  [
    "range",
    [
      ["{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", "y=1;x=two;"],
      ["{{range 3}}{{.}}{{end}}{{range 0}}x{{else}}none{{end}}", "012none"],
      ['{{range $i, $c := "aé"}}{{$i}}{{$c}};{{end}}', "0a;1é;"],
      ['{{range .a.l}}{{if eq .k "p"}}{{continue}}{{end}}{{.k}}{{break}}{{end}}', "q"],
      ["{{range $i, $x := .a.l}}{{range $j, $y := $.a.l}}{{$i}}{{$j}}{{break}}{{end}}{{end}}", "0010"],
      ["{{range .a.q}}x{{else}}none{{end}}", "none"],
      ["{{range $i, $x := 3}}{{end}}", "ERROR"],
      ["{{range true}}{{end}}", "ERROR"],
    ],
  ],
  [
    "templates within templates",
    [
      ['{{define "n"}}[{{.}}{{$}}]{{end}}{{template "n" .a.s}}', "[x<yx<y]"],
      ['{{block "b" .a.l}}{{len .}}{{end}}', "2"],
      ['{{template "late" 1}}{{define "late"}}<{{.}}>{{end}}', "<1>"],
      ['{{template "none"}}', "ERROR"],
      ['{{define "r"}}{{template "r"}}{{end}}{{template "r"}}', "ERROR"],
    ],
  ],
  [
    "comparison",
    [
      ["{{eq 1 1.0}} {{eq .five 5}} {{eq .a.s 5}} {{eq .t true}} {{eq .m .m}}", "true true false true true"],
      ["{{ne 1 1.5}} {{ne .five 5}} {{ne 1 1}}", "true true false"],
      ['{{lt 9 10}} {{lt "9" "10"}} {{le 2 2}} {{gt 3 2}} {{ge 1 2}}', "true false true true false"],
    ],
  ],
  [
    "index and len",
    [
      ['{{index .m "x"}} {{index .a "l.1.k"}} {{index .a.l 0}}', 'two q {"k":"p"}'],
      ["{{index .a.l 7}}", "ERROR"],
      ["{{index .t 1}}", "ERROR"],
      ["{{len .m}} {{len .é}} {{len 5}} {{len .a.q}}", "2 2 0 0"],
      ["{{.a.l | len}}", "2"],
      ['{{range .a.l}}{{gjson "k"}}{{end}}', "pq"],
    ],
  ],
  [
    "printing and escaping",
    [
      ['{{print "a" 1 .a.q}}|{{println "b"}}', "a 1 |b\n"],
      ['{{html "<a>\'\\"&"}}', "&lt;a&gt;&#39;&#34;&amp;"],
      ['{{js "<a>\'"}} {{urlquery "a b&é"}}', "\\u003Ca\\u003E\\' a+b%26%C3%A9"],
      [
        '{{printf "%v %5.2f|%-5s|%05d|%q|%x" .a.b 3.14159 "ab" 42 "a\\"b" 255}}',
        '1.5  3.14|ab   |00042|"a\\"b"|ff',
      ],
      ['{{printf "%g %e %t %+d %c %%" 1e21 12345.678 true 5 65}}', "1e+21 1.234568e+04 true +5 A %"],
      ['{{printf "%d %s %d" "s" 1.5}}', "%!d(string=s) %!s(float64=1.5) %!d(MISSING)"],
      [
        '{{printf "%s" "a" "b"}} {{printf "%s" nil}} {{"x" | printf "<%s>"}}',
        "a%!(EXTRA string=b) %!s(<nil>) <x>",
      ],
      [
        '{{printf "%.2f %.0f %.20f %8.3e|%6.2f|%-8d|" 2.125 2.5 0.1 1234.5 -1.005 7}}',
        "2.12 2 0.10000000000000000555 1.234e+03| -1.00|7       |",
      ],
    ],
  ],
  [
    "functions of published configurations",
    [
      ["{{toJson .a.l}} {{toJson .a.s}} {{toRawJson .a.s}}", '[{"k":"p"},{"k":"q","z":2}] "x\\u003cy" "x<y"'],
      [
        "{{add 1 2 3}} {{sub 5 2}} {{mul 2 3}} {{div 7 2}} {{mod 7 2}} {{add1 .five}} {{max 1 5 3}} {{min 2 1}}",
        "6 3 6 3 1 6 5 1",
      ],
      [
        "{{addf 0.1 0.2}} {{round 1.2345 2}} {{ceil 1.2}} {{floor 1.8}}",
        "0.300000 1.230000 2.000000 1.000000",
      ],
      ["{{div 1 0}}", "ERROR"],
      ['{{empty .a.e}} {{empty .t}} {{coalesce 0 "" "z"}} {{ternary "y" "n" true}}', "true false z y"],
      ["{{now}}", "2024-07-03 09:46:40.5 +0000 UTC"],
      [
        '{{date "2006-01-02T15:04:05Z07:00" 0}} {{now | date "2006-01-02"}}',
        "1970-01-01T00:00:00Z 2024-07-03",
      ],
      ['{{dateInZone "2006-01-02 15:04 MST" 1720000000 "Asia/Shanghai"}}', "2024-07-03 17:46 CST"],
      ['{{dateInZone "3:04PM Jan _2 Mon -0700" 1720000000 "America/New_York"}}', "5:46AM Jul  3 Wed -0400"],
      [
        '{{dateInZone "15:04 MST" 1704067200 "Europe/Paris"}} {{dateInZone "MST" 0 "No/Where"}}',
        "01:00 CET UTC",
      ],
      [
        '{{b64enc "hi"}} {{"aGk=" | b64dec}} {{b32enc "hi"}} {{adler32sum "abc"}}',
        "aGk= hi NBUQ==== 38600999",
      ],
      ['{{sha256sum "a"}}', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
      ['{{join "," (list 1 "a" nil)}} {{.a.e | join ","}} {{list 1 "a" | join "-"}}', "1,a  1-a"],
      ["{{getRealIP}} {{getSocketIP}}", "1.2.3.4 10.0.0.1"],
      ["{{len uuidv4}} {{len (randAlphaNum 7)}}", "36 7"],
    ],
  ],
  [
    "text functions",
    [
      [
        '{{trim "  a "}}|{{upper "é"}}|{{lower "ÀB"}}|{{title "hello world"}}|{{untitle "Ab Cd"}}',
        "a|É|àb|Hello World|ab cd",
      ],
      [
        '{{nospace "a b"}} {{swapcase "aB"}} {{initials "First Try"}} {{snakecase "FirstName"}}',
        "ab Ab FT first_name",
      ],
      [
        '{{camelcase "http_server"}} {{kebabcase "FirstName"}} {{plural "one" "many" 2}}',
        "HttpServer first-name many",
      ],
      [
        '{{trimAll "$" "$5$"}} {{trimPrefix "a" "ab"}} {{trimSuffix "b" "ab"}} {{trunc 3 "hello"}} {{trunc -3 "hello"}}',
        "5 b a hel llo",
      ],
      [
        '{{substr 1 3 "hello"}} {{repeat 3 "ab"}} {{replace " " "-" "a b c"}} {{abbrev 8 "hello world"}}',
        "el ababab a-b-c hello...",
      ],
      [
        '{{wrap 5 "hello big world"}}|{{indent 2 "a\\nb"}}|{{nindent 1 "x"}}',
        "hello\nbig\nworld|  a\n  b|\n x",
      ],
      ['{{quote "a\\"" nil 1}} {{squote "b"}} {{cat "a" nil 1}}', '"a\\"" "1" \'b\' a 1'],
      [
        '{{contains "b" "abc"}} {{hasPrefix "ab" "abc"}} {{hasSuffix "bc" "abc"}} {{contains "z" "abc"}}',
        "true true true false",
      ],
      [
        '{{regexMatch "^a+$" "aaa"}} {{regexFind "[0-9]+" "a12b"}} {{regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W"}}',
        "true 12 -W-xxW-",
      ],
      [
        '{{regexFindAll "[0-9]" "1a2b3" -1}} {{regexSplit "z+" "pizza" -1}} {{regexQuoteMeta "1.2"}}',
        '["1","2","3"] ["pi","a"] 1\\.2',
      ],
      [
        '{{base "a/b.c"}} {{dir "a/b"}} {{ext "b.c"}} {{clean "a/../b//c"}} {{isAbs "/a"}}',
        "b.c a .c b/c true",
      ],
      ["{{upper .a.n}}", "ERROR"],
      ["{{upper 5}}", "ERROR"],
    ],
  ],
  [
    "lists and objects",
    [
      ['{{dict "a" 1 "b" .a.e}} {{list 1 "x" .a.n}}', '{"a":1,"b":[]} [1,"x",null]'],
      [
        '{{splitList "," "a,b"}} {{(split "," "a,b")._1}} {{splitn "," 2 "a,b,c"}}',
        '["a","b"] b {"_0":"a","_1":"b,c"}',
      ],
      [
        "{{first .a.l}} {{last (list 1 2)}} {{rest (list 1 2 3)}} {{initial (list 1 2 3)}}",
        '{"k":"p"} 2 [2,3] [1,2]',
      ],
      [
        '{{has 2 (list 1 2)}} {{keys .m}} {{values .m}} {{get .m "x"}} {{hasKey .m "z"}}',
        'true ["y","x"] [1,"two"] two false',
      ],
      [
        "{{append (list 1) 2}} {{prepend (list 1) 0}} {{concat (list 1) (list 2)}} {{uniq (list 1 1 2)}}",
        "[1,2] [0,1] [1,2] [1,2]",
      ],
      [
        '{{reverse (list 1 2)}} {{sortAlpha (list "b" "a")}} {{compact (list 0 1)}} {{without (list 1 2) 1}}',
        '[2,1] ["a","b"] [1] [2]',
      ],
      [
        '{{slice (list 1 2 3) 1 2}} {{chunk 2 (list 1 2 3)}} {{dig "a" "s" "d" $}} {{dig "a" "w" "d" $}}',
        "[2] [[1,2],[3]] x<y d",
      ],
      [
        '{{pick .m "x"}} {{omit .m "x"}} {{get (set .m "y" 9) "y"}} {{unset .m "y"}}',
        '{"x":"two"} {"y":1} 9 {"x":"two"}',
      ],
      [
        '{{merge (dict "a" 1 "o" (dict "x" 1)) (dict "a" 2 "b" 3 "o" (dict "x" 9 "y" 2))}}',
        '{"a":1,"o":{"x":1,"y":2},"b":3}',
      ],
      [
        '{{mergeOverwrite (dict "a" 1 "o" (dict "x" 1)) (dict "a" 2 "e" "" "o" (dict "x" 9)) .a.q}}',
        '{"a":2,"o":{"x":9},"e":""}',
      ],
      [
        '{{pluck "k" (index .a.l 0) (index .a.l 1) .m}} {{deepCopy .m}} {{toStrings (list 1 "a" 1.50)}}',
        '["p","q"] {"y":1,"x":"two"} ["1","a","1.5"]',
      ],
      [
        "{{mustFirst .a.l}} {{mustLast (list 1 2)}} {{mustAppend (list 1) 2}} {{mustHas 1 (list 1)}}",
        '{"k":"p"} 2 [1,2] true',
      ],
      [
        '{{typeOf .m}} {{kindOf .a.l}} {{typeIs "string" .a.s}} {{typeIsLike "bool" .t}} {{kindIs "map" .m}}',
        "map[string]interface {} slice true true true",
      ],
      ["{{first .a.s}}", "ERROR"],
      ["{{keys .a.l}}", "ERROR"],
      ['{{all 1 "" 2}} {{any 0 "" 2}} {{deepEqual (list 1) (list 1)}}', "false true true"],
    ],
  ],
  [
    "digests, encodings and paths",
    [
      ['{{sha1sum "abc"}}', "a9993e364706816aba3e25717850c26c9cd0d89d"],
      [
        '{{sha512sum "abc"}}',
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      ],
      [
        '{{b32dec "NBUQ===="}} {{b32dec "1"}} {{b64dec "%"}}',
        "hi illegal base32 data at input byte 0 illegal base64 data",
      ],
      ['{{len (shuffle "hello")}} {{shuffle "a"}} {{shuffle ""}}', "5 a "],
      [
        '{{urlParse "http://u:p@h.example:80/a%20b?q=1#f"}}',
        '{"scheme":"http","host":"h.example:80","hostname":"h.example","path":"/a b","query":"q=1","opaque":"","fragment":"f","userinfo":"u:p"}',
      ],
      [
        '{{(urlParse "mailto:a@b.c").opaque}} {{(urlParse "/a?b").path}} {{(urlParse "http://[::1]:8/").hostname}}',
        "a@b.c /a ::1",
      ],
      ['{{urlParse ":x"}}', "ERROR"],
      [
        '{{urlJoin (dict "scheme" "https" "host" "h" "path" "a b" "query" "q=1" "fragment" "f" "userinfo" "u")}}',
        "https://u@h/a%20b?q=1#f",
      ],
      ['{{urlJoin (urlParse "https://h/a?b=c#d")}}', "https://h/a?b=c#d"],
      [
        "{{osBase `a/b`}} {{osDir `a/b`}} {{osClean `a//b`}} {{osExt `a.b`}} {{osIsAbs `a`}}",
        "b a a/b .b false",
      ],
    ],
  ],
  [
    "versions",
    [
      ['{{semver "v1.2"}} {{semver "1.2.3-beta.1+b"}}', "1.2.0 1.2.3-beta.1+b"],
      ['{{semver "1.x"}}', "ERROR"],
      [
        '{{range list "1.2.3" "=1.2.3" "^1.1" "~1.2.0" ">=1.0, <2" "1.x" "1.0 - 1.3" "<1 || >1.1" "!=1.2.4" "*"}}{{semverCompare . "1.2.3"}} {{end}}',
        "true true true true true true true true true true ",
      ],
      [
        '{{range list "1.2.4" "^2" "~1.1" ">1.2" "<1.2.3" "2.x" "1.0 - 1.1" "^0.2"}}{{semverCompare . "1.2.3"}} {{end}}',
        "false false false false false false false false ",
      ],
      [
        '{{semverCompare "^0.2.1" "0.2.9"}} {{semverCompare "^0.2.1" "0.3.0"}} {{semverCompare ">=1" "1.1.0-rc1"}} {{semverCompare ">1.0.0-a" "1.0.0-b"}}',
        "true false false true",
      ],
      [
        '{{semverCompare "1.0.0-2 - 1.0.0-11" "1.0.0-3"}} {{semverCompare "=>1" "1.0.0"}} {{semverCompare "~>1.2" "1.2.9"}}',
        "true true true",
      ],
      ['{{semverCompare "nonsense" "1.0.0"}}', "ERROR"],
      ['{{semverCompare "1" "x"}}', "ERROR"],
    ],
  ],
  [
    "durations and dates of sprig",
    [
      [
        '{{duration "95"}} {{duration 3661}} {{durationRound "2h10m5s"}} {{durationRound "2400h"}} {{durationRound "x"}}',
        "1m35s 1h1m1s 2h 3mo 0s",
      ],
      [
        '{{htmlDate 0}} {{htmlDateInZone 0 "Asia/Tokyo"}} {{date_in_zone "15" 0 "UTC"}} {{unixEpoch 5}}',
        "1970-01-01 1970-01-01 00 5",
      ],
      ['{{toDate "2006" "2020"}}', "ERROR"],
      ['{{must_date_modify "1h" now}}', "ERROR"],
    ],
  ],
  [
    "numbers and texts as Go prints them",
    [
      [
        '{{toString 1.50}} {{quote .a.b 5}} {{squote 1.0}} {{cat 1.25 "a"}} {{join "," (list 2.5 1)}}',
        '1.5 "1.5" "5" \'1\' 1.25 a 2.5,1',
      ],
      [
        "{{int 5.7}} {{int64 .five}} {{float64 .five}} {{atoi .five}} {{toDecimal `0777`}} {{biggest 1 9}}",
        "5 5 5.000000 5 511 9",
      ],
      [
        "{{subf 5.5 1}} {{mulf 2 1.5}} {{divf 3 2}} {{maxf 1 2.5}} {{minf 1 2.5}} {{add1f 1}}",
        "4.500000 3.000000 1.500000 2.500000 1.000000 2.000000",
      ],
      ["{{untilStep 1 7 3}} {{seq 1 2 5}} {{round 2.5 0}}", "[1,4] 1 3 5 3.000000"],
      [
        '{{abbrevboth 5 10 "1234 5678 9123"}} {{wrapWith 3 "-" "abcdef"}} {{trimall "$" "$5$"}}',
        "...5678... abc-def 5",
      ],
      ['{{substr -1 3 "hello"}} {{substr 2 -1 "hello"}} {{initials ""}}', "hel llo "],
      [
        '{{regexReplaceAllLiteral "a(b)" "xab" "${1}"}} {{mustRegexMatch "b" "abc"}} {{mustRegexFind "[" "a"}}',
        "ERROR",
      ],
      ['{{regexReplaceAllLiteral "a(b)" "xab" "${1}"}} {{mustRegexMatch "b" "abc"}}', "x${1} true"],
      [
        '{{fromJson "{\\"a\\":[1]}"}} {{(fromJson "{\\"a\\":[1]}").a}} {{seq 3}} {{until 3}}',
        '{"a":[1]} [1] 1 2 3 [0,1,2]',
      ],
    ],
  ],
];

describe.each(builds)("templates, %s", (name, flags) => {
  /** The build that collects at every allocation takes long. */
  const isSlow = name.includes("collects");
  let templates: Templates;
  beforeAll(async () => {
    templates = new Templates(await loadProbe("shared/template/test/probe.ts", { flags }));
    templates.probe.exports.setNow!(1_720_000_000_500n);
  });

  describe.each(cases)("%s", (_group, rows) => {
    test.each(rows)("%s renders %j", (template, text) => {
      const rendered = templates.render(template);
      if (text === "ERROR")
        expect(rendered).toMatch(/^ERROR template: test:1:\d+: executing "test" at <.+>: .+/);
      else expect(rendered).toBe(text);
    });
  });

  test.each([
    ["{{.a.l.0}}", '1:7: unexpected ".0"'],
    ["{{.user-name}}", '1:3: bad character "-"'],
    ["{{nosuch 1}}", '1:3: function "nosuch" not defined'],
    ["{{$y}}", '1:3: undefined variable "$y"'],
    ["a\nb {{if}}", "2:7: missing value for if"],
    ["{{if .x}}", "1:10: unexpected end of the template: {{end}} of {{if}} expected"],
    ["{{end}}", "1:3: unexpected {{end}}"],
    ["{{else}}", "1:3: unexpected {{else}}"],
    ["{{break}}", "1:3: {{break}} outside {{range}}"],
    ["{{.x", "1:5: unclosed action"],
    ['{{"abc}}', "1:3: unterminated quoted string"],
    ['{{"\\q"}}', "1:3: a quoted string has an escape"],
    ["{{/* x", "1:3: unclosed comment"],
    ["{{}}", "1:3: missing value for command"],
    ["{{1 | 2}}", "1:7: non executable command in pipeline stage 2"],
    ["{{.a |}}", "1:7: missing value for command"],
    ["{{(1}}", '1:5: unexpected "}}"'],
    ["{{1)}}", '1:4: unexpected ")"'],
    ["{{1x}}", '1:3: bad number syntax: "1x"'],
    ['{{if 1}}{{define "x"}}{{end}}{{end}}', "1:11: unexpected {{define}}"],
    ['{{define "x"}}{{end}}{{define "x"}}{{end}}', "defined twice"],
    ["{{template 1}}", "the name of a template"],
    ["{{range $a, $b, $c := .x}}{{end}}", "1:"],
    ["{{".repeat(3), "1:3: unexpected"],
    ["{{(".repeat(100), "too deeply"],
    ["{{(".repeat(1) + "(".repeat(100), "nested too deeply"],
    ["{{if 1}}".repeat(100), "nested too deeply"],
  ])("%s is a compile error", (template, error) => {
    const found = templates.compile(template);
    expect(found).toMatch(/^template: test:\d+:\d+: /);
    if (!template.startsWith("{{({{")) expect(found).toContain(error);
  });

  test("every function of Go and of sprig has its name here, but those that read the environment", () => {
    for (const name of goFunctions) {
      expect(templates.compile(`{{${name}}}`), name).toBe("");
      expect(templates.render(`{{${name} 1 2 3 4 5 6 7 8 9}}`), name).not.toContain("not defined");
    }
    for (const name of ["env", "expandenv", "nosuch", "must", "mustTrim"])
      expect(templates.compile(`{{${name} "HOME"}}`)).toContain(`1:3: function "${name}" not defined`);
  });

  test.each([
    ["sprintf", "printf", '"%s-%d" .a.s 3'],
    ["tuple", "list", "1 .a.s"],
    ["push", "append", ".a.l 1"],
    ["mustPush", "append", ".a.l 1"],
    ["mustPrepend", "prepend", ".a.l 1"],
    ["mustRest", "rest", ".a.l"],
    ["mustInitial", "initial", ".a.l"],
    ["mustReverse", "reverse", ".a.l"],
    ["mustUniq", "uniq", "(list 1 1 2)"],
    ["mustCompact", "compact", '(list 1 "" 2)'],
    ["mustWithout", "without", "(list 1 2) 2"],
    ["mustSlice", "slice", ".a.l 1 2"],
    ["mustChunk", "chunk", "1 .a.l"],
    ["mustMerge", "merge", "(dict `a` 1) .a"],
    ["mustMergeOverwrite", "mergeOverwrite", "(dict `b` 1) .a"],
    ["mustDeepCopy", "deepCopy", ".a"],
    ["mustFromJson", "fromJson", '"[1]"'],
    ["mustToJson", "toJson", ".a"],
    ["mustToPrettyJson", "toPrettyJson", ".a"],
    ["mustToRawJson", "toRawJson", ".a.s"],
    ["mustRegexFindAll", "regexFindAll", '"[xy]" .a.s -1'],
    ["mustRegexReplaceAll", "regexReplaceAll", '"(x)" .a.s "$1$1"'],
    ["mustRegexReplaceAllLiteral", "regexReplaceAllLiteral", '"x" .a.s "$1"'],
    ["mustRegexSplit", "regexSplit", '"<" .a.s -1'],
    ["date_modify", "dateModify", '"1h" now'],
    ["mustDateModify", "dateModify", '"1h" now'],
    ["mustToDate", "toDate", '"2006-01-02" "2020-01-01"'],
  ])("%s gives what %s gives", (alias, name, values) => {
    const [one, other] = [alias, name].map((called) => templates.render(`{{${called} ${values}}}`));
    expect(one!.replaceAll(alias, name).replace(/:1:\d+/, "")).toBe(other!.replace(/:1:\d+/, ""));
  });

  test("random text is as long as asked for and of its alphabet, a random number within its bounds", () => {
    const of = (call: string) => templates.render(`{{${call}}}`);
    expect(of("randAlpha 40")).toMatch(/^[A-Za-z]{40}$/);
    expect(of("randNumeric 40")).toMatch(/^[0-9]{40}$/);
    expect(of("randAscii 40")).toMatch(/^[ -~]{40}$/);
    expect(Buffer.from(of("randBytes 40"), "base64")).toHaveLength(40);
    for (let i = 0; i < 20; i++) expect(["3", "4"]).toContain(of("randInt 3 5"));
  });

  test("functions that need keys, certificates or a resolver are refused when called", () => {
    for (const call of ['bcrypt "a"', 'genPrivateKey "rsa"', 'getHostByName "h"', 'encryptAES "k" "t"'])
      expect(templates.render(`{{${call}}}`)).toContain("this function is not supported");
  });

  test("data that is no JSON object or array is an error", () => {
    for (const json of ["", "1", '"a"', "{", "<html>"])
      expect(templates.render("x", json)).toBe(
        "ERROR template: test: data must be a valid JSON object or array",
      );
    expect(templates.render("{{len .}}", "[1,2]")).toBe("2");
  });

  test("an error tells where, as Go does", () => {
    expect(templates.render("a\n{{.a.b 1}}")).toBe(
      'ERROR template: test:2:2: executing "test" at <.a.b>: a.b is not a method but has arguments',
    );
    expect(templates.render('{{fail "boom"}}')).toContain('<fail "boom">: error calling fail: boom');
    expect(templates.render("{{len}}")).toContain("wrong number of args for len: want 1 got 0");
  });

  test("steps and output are limited", () => {
    const loop = "{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}";
    expect(templates.render(loop, data, 10_000n)).toContain("the template takes too many steps");
    expect(templates.render('{{repeat 1000000000 "x"}}')).toContain("the output is too large");
    expect(templates.render("{{range 10000}}0123456789{{end}}", data, 1n << 30n, 1000)).toContain(
      "too large",
    );
    const bomb = '{{$x := "x"}}{{range 60}}{{$x = print $x $x}}{{end}}';
    expect(templates.render(bomb, data, 1n << 24n, 1 << 16)).toMatch(/^ERROR/);
  });

  test("the steps grow as the data does", () => {
    const spent = (count: number) => {
      const json = JSON.stringify({ l: Array.from({ length: count }, (_, i) => ({ k: i, v: "value" })) });
      templates.render("{{range .l}}{{.k}}{{.v | upper}}{{end}}{{len .l}}", json);
      return templates.spent;
    };
    expect(spent(1000) / spent(100)).toBeLessThan(12);
  });

  test("no template makes it trap", () => {
    const random = randomOf(7);
    const runs = isSlow ? 100 : process.env.LONG === "1" ? 100_000 : 4000;
    let rendered = 0;
    for (let i = 0; i < runs; i++) {
      const result = templates.render(randomTemplate(random), data, 1n << 20n, 1 << 16);
      if (!result.startsWith("COMPILE")) rendered++;
    }
    expect(rendered).toBeGreaterThan(runs / 10);
  }, 600_000);
});

const goFunctions = (
  "and gjson html index js len not or print printf println sprintf urlquery eq ge gt le lt ne " +
  "ago date date_in_zone date_modify dateInZone dateModify duration durationRound htmlDate htmlDateInZone " +
  "must_date_modify mustDateModify mustToDate now toDate unixEpoch abbrev abbrevboth trunc trim upper lower title " +
  "untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace initials randAlphaNum randAlpha randAscii " +
  "randNumeric swapcase shuffle snakecase camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote " +
  "cat indent nindent replace plural sha1sum sha256sum sha512sum adler32sum toString atoi int64 int float64 seq " +
  "toDecimal split splitList splitn toStrings until untilStep add1 add sub div mod mul randInt add1f addf subf divf " +
  "mulf biggest max min maxf minf ceil floor round join sortAlpha default empty coalesce all any compact mustCompact " +
  "fromJson toJson toPrettyJson toRawJson mustFromJson mustToJson mustToPrettyJson mustToRawJson ternary deepCopy " +
  "mustDeepCopy typeOf typeIs typeIsLike kindOf kindIs deepEqual getHostByName base dir clean ext isAbs osBase osClean " +
  "osDir osExt osIsAbs b64enc b64dec b32enc b32dec tuple list dict get set unset hasKey pluck keys pick omit merge " +
  "mergeOverwrite mustMerge mustMergeOverwrite values append push mustAppend mustPush prepend mustPrepend first " +
  "mustFirst rest mustRest last mustLast initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has " +
  "mustHas slice mustSlice concat dig chunk mustChunk bcrypt htpasswd genPrivateKey derivePassword buildCustomCert genCA " +
  "genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey encryptAES decryptAES " +
  "randBytes uuidv4 semver semverCompare fail regexMatch mustRegexMatch regexFindAll mustRegexFindAll regexFind " +
  "mustRegexFind regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit " +
  "mustRegexSplit regexQuoteMeta urlParse urlJoin getRealIP getSocketIP"
).split(" ");
