import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
/** Texts of the panel and the demo: literals and text in Svelte elements, up to the first interpolation. */
const texts = /(?:['"`>]|\band )\s*([A-Za-z][^'"`<>{}$\n]*)/g;
/** How a reassuring sentence about all edits begins, unlike “nothing is saved” or “everything else”. */
const beginning =
  /^(?:everything is (?:confirmed|stored|durable|saved|sent|safe)|all (?:its )?edits|nothing (?:to|waiting)|no edits? (?:is|from|by)|nothing\.$)/i;

/** Every reassuring sentence of the panel and the demo, from their sources. */
export const reassurances: readonly string[] = [
  ...new Set(['devtools', 'src/inspect', 'demo'].flatMap((folder) => sourcesIn(folder).flatMap(reassuring))),
];

/** A sentence ends its line, so that “Nothing.” is not found in “Nothing. Sync continues …”. */
export const allIsWell = new RegExp(
  reassurances
    .map(
      (words) =>
        `\\b${words.replaceAll(/[.*+?^$()[\]\\|]/g, String.raw`\$&`)}${words.endsWith('.') ? '\\s*$' : '(?!\\w)'}`,
    )
    .join('|'),
  'im',
);

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.test)\.(?:ts|svelte)$/.test(name))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

function reassuring(source: string): readonly string[] {
  return [...source.matchAll(texts)]
    .map(([, words = '']) => words.trim())
    .filter((words) => beginning.test(words));
}
