// Writes npm_ranges.json, what npm's own parser says of ranges:
//   npm install semver && node npm_ranges.mjs > npm_ranges.json
import { createRequire } from "node:module";
const require = createRequire(`${process.cwd()}/`);
const semver = require("semver");

const VERSIONS = `0.0.0 0.0.0-0 0.0.1 0.0.3 0.0.4 0.1.0 0.2.3 0.2.9 0.3.0 0.3.0-rc.1 1.0.0 1.0.0-alpha
1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0+build.5 1.1.0 1.2.0 1.2.3 1.2.3-0
1.2.3-beta.2 1.2.3-beta.4 1.2.4-beta.1 1.2.9 1.3.0 1.3.0-0 1.10.0 1.9.9 2.0.0 2.0.0-0 2.0.0-rc.1
2.1.0 3.0.0 10.0.0`.split(/\s+/);

const RANGES = [
  "", "*", "x", "X", "||", "1", "1.x", "1.2", "1.2.x", "1.2.*", "1.x.x", "1.2.3", "=1.2.3", "v1.2.3",
  ">1", ">1.2", ">1.2.3", ">=1", ">=1.2", ">=1.2.3", "<1", "<1.2", "<1.2.3", "<=1", "<=1.2",
  "<=1.2.3", "<*", ">*", ">=*", "<=*", "> 1.2.3", ">=  1.2", "^ 1.2", "~ 1.2", "~>1.2", "~> 1.2.3",
  "^1.2.3", "^0.2.3", "^0.0.3", "^0.0", "^0", "^1", "^1.x", "^0.x", "^0.0.x", "^*", "^1.2.3-beta.2",
  "^0.0.3-beta", "^0.0.0", "~1.2.3", "~1.2", "~1", "~0.2.3", "~0", "~*", "~1.2.3-beta.2", "~1.x",
  "1.2.3 - 2.3.4", "1.2 - 2.3.4", "1.2.3 - 2.3", "1.2.3 - 2", "1 - 1", "* - 2", "1 - *", "1.x - 2.x",
  "1.2.3-beta.2 - 2.0.0-rc.1", "1.0.0-alpha - 1.0.0", "1.2.3 -2", "1.2.3- 2", "1 - 2 - 3",
  ">=1.2.3 - 2", ">=1 <2", ">=1.2.3-beta.2 <2", ">1.0.0-alpha", ">=1.0.0-alpha.1", "<1.0.0-beta.11",
  "<=1.0.0-beta.2", "1.0.0-alpha", ">=1.0.0 <1.0.0", "1 || 2", "1||3", "^1.2 || ~0.3", "1.2.3 ||",
  "|| 1", ">=1 || 0.3.0-rc.1", "1 2", "1.0.0 2.0.0", "1.2.3+build", "^1.2.3+b.1", ">=1.0.0+b",
  "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-01", "1.2.3-", "1.2.3+", "1.", ".1", "1..2", "a", "latest",
  "1.2.3-x.7.z.92", "1.x.3", "x.1", "*.1.2", "^x.1", "~x.1.1", "1.x.3 - 2", ">x.1", "!1", "^^1", "><1",
  "=>1", ">=", "^", "~", "-", "- 1", "1 -", "1 & 2", "1, 2", "1 | 2", "(1)", "1.2.3 || a", "git://x",
];

const rows = RANGES.map((range) => {
  const valid = semver.validRange(range) !== null;
  const inside = valid ? VERSIONS.filter((version) => semver.satisfies(version, range)) : null;
  return `    ${JSON.stringify([range, inside])}`;
});
const order = [...VERSIONS].sort((a, b) => semver.compareBuild(a, b));
console.log(`{
  "semver": ${JSON.stringify(require("semver/package.json").version)},
  "versions": ${JSON.stringify(VERSIONS)},
  "order": ${JSON.stringify(order)},
  "ranges": [\n${rows.join(",\n")}\n  ]\n}`);
