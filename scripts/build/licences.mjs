import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

/** Texts that are the same for every package with that licence. */
const knownTexts = { 'Apache-2.0': join(root, 'node_modules/typescript/LICENSE.txt') };

/**
 * Lists the licences of all bundled packages, as these licences require.
 * @param {readonly import('rolldown').OutputChunk[]} chunks
 */
export function listLicences(chunks) {
  const folders = new Set(
    chunks.flatMap((chunk) => chunk.moduleIds).flatMap((id) => packageFolder(id) ?? []),
  );
  /** The heading under which each text is printed. @type {Map<string, string>} */
  const headings = new Map();
  const sections = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const heading = `${name} ${version} (${license})`;
    const text = licenceText(folder, license);
    const earlier = headings.get(text);
    headings.set(text, earlier ?? heading);
    return `## ${heading}\n\n${earlier === undefined ? text : `The same text as that of ${earlier} above.`}\n`;
  });
  return `# Licences of what is bundled in this package\n\n${sections.join('\n')}`;
}

/** @param {string} moduleID */
function packageFolder(moduleID) {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(moduleID.replace(/^\0/, ''))?.[0];
}

/** @param {string} folder @param {string} name */
function licenceText(folder, name) {
  const own = readdirSync(folder).find((file) => /^licen[cs]e(?:\.|$)/i.test(file));
  const file =
    own === undefined ? Object.entries(knownTexts).find(([known]) => known === name)?.[1] : join(folder, own);
  return file === undefined
    ? 'The package names its licence but does not contain the text.'
    : readFileSync(file, 'utf8').trim();
}
