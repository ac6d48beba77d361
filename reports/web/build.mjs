// Bundles the page's script and style with esbuild and writes them as one C++ file.
//
//   node build.mjs NODE_MODULES OUT.cc
//
// The page's content security policy names both by their hashes, which are taken here, over the very bytes that the
// page will carry.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [modules, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node build.mjs NODE_MODULES OUT.cc");
  process.exit(2);
}
// The packages lie in the build folder: the source tree stays as it is.
const { build } = createRequire(resolve(modules, "any.js"))("esbuild");

const result = await build({
  entryPoints: [join(here, "src/report.js")],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox100", "safari15.4"],
  charset: "utf8",
  legalComments: "none",
  outdir: "bundle",
  nodePaths: [resolve(modules)],
  write: false,
  logLevel: "warning",
});

const textOf = (suffix) => result.outputFiles.find((file) => file.path.endsWith(suffix)).text.trim();
const script = textOf(".js");
const style = textOf(".css");
const licence = readFileSync(join(modules, "uplot/LICENSE"), "utf8").trim();
// Either would end the element that carries it.
for (const [text, end] of [[script, "</script"], [script, "<!--"], [style, "</style"]]) {
  if (text.includes(end)) throw new Error(`the bundle holds ${end}`);
}

const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
// A string literal may not be longer than 64 KiB by the letter of the standard.
const literal = (text) => {
  const parts = text.match(/[^]{1,15000}/gu) ?? [""];
  return parts.map((part) => `R"windtunnel(${part})windtunnel"`).join("\n    ");
};

writeFileSync(out, `// Written by reports/web/build.mjs.
#include "reports/html/html_bundle.h"

namespace windtunnel::reports {

const HtmlBundle* html_bundle() {
  static constexpr HtmlBundle kBundle{
    .script = ${literal(script)},
    .script_hash = "${hash(script)}",
    .style = ${literal(style)},
    .style_hash = "${hash(style)}",
    .licence = ${literal(licence)},
  };
  return &kBundle;
}

}  // namespace windtunnel::reports
`);
