// `npm run measures`: numbers about the layout and the prose of this work tree. `npm run measures -- --lines` also prints
// each passage that the dialect patterns match.
import { findCycles } from './measures/cycles.mjs';
import { findPatches, patchedFolders, sessionMapWrappers } from './measures/cojson-patches.mjs';
import { countDialect, findMatches, passagesOf, rateOf } from './measures/dialect.mjs';
import {
  countLines,
  filesPerFolder,
  productionFiles,
  proseFiles,
  readSource,
  repeatedNames,
} from './measures/source-files.mjs';

const folders = ['src', 'devtools', 'demo'];
const prose = proseFiles();

const { rooms, files } = patchedFolders(findPatches());
const [largest] = filesPerFolder(folders);
const rates = Object.values(countDialect(prose)).map((counts) => rateOf(counts).toFixed(1));
const cycles = { src: await findCycles(['src']), devtools: await findCycles(['devtools']) };
const ofDevtools = cycles.devtools.filter((cycle) => cycle.startsWith('devtools/'));

print('rooms/files that patch cojson', `${rooms.length}/${files.length} (${files.join(', ')})`);
print('createSessionMap wrappers', String(sessionMapWrappers().length));
print('largest folder, loose files', `${largest?.count} in ${largest?.folder}`);
print('import cycles, src/devtools', `${cycles.src.length}/${ofDevtools.length}`);
for (const folder of folders) print(`repeated base names in ${folder}`, list(repeatedNames(folder)));
print('dialect: comments/strings/docs', rates.join('/'));
print('README, bytes', String(Buffer.byteLength(readSource('README.md'))));
print('src, production lines', String(countLines(productionFiles('src'))));

if (process.argv.includes('--lines')) {
  for (const { path, text } of prose) {
    for (const passage of passagesOf(path, text)) {
      const matches = findMatches(passage.text);
      if (matches.length > 0) console.log(`${path}:${passage.line}: ${matches.join(' | ')}`);
    }
  }
}

/** @param {string} measure @param {string} value */
function print(measure, value) {
  console.log(`${measure.padEnd(34)}${value}`);
}

/** @param {readonly string[]} names */
function list(names) {
  return names.length === 0 ? '0' : `${names.length} (${names.join(', ')})`;
}
