import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licences of everything that was bundled, as they ask for.
 * @param {readonly import('rolldown').OutputChunk[]} chunks
 */
export function listLicences(chunks) {
  const folders = new Set(
    chunks.flatMap((chunk) => chunk.moduleIds).flatMap((id) => packageFolder(id) ?? []),
  );
  const sections = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `## ${name} ${version} (${license})\n\n${licenceText(folder)}\n`;
  });
  return `# Licences of what is bundled in this package\n\n${sections.join('\n')}`;
}

/** @param {string} moduleID */
function packageFolder(moduleID) {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(moduleID.replace(/^\0/, ''))?.[0];
}

/** @param {string} folder */
function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(?:\.|$)/i.test(name));
  return file === undefined
    ? 'The package names its licence and holds no text of it.'
    : readFileSync(join(folder, file), 'utf8').trim();
}
