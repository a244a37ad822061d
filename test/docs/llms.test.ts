import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documents, proseOf, readText, root } from './markdown.ts';

/** The title of a page, and its first sentence. */
function describePage(path: string): string {
  const paragraphs = proseOf(readText(path)).split('\n\n');
  const title = (paragraphs[0] ?? '').replace(/^# /, '').trim();
  const first = paragraphs.find((text, index) => index > 0 && /^[A-Z`]/.test(text)) ?? '';
  const [sentence = ''] = /^[^]*?[.:](?=\s|$)/.exec(first) ?? [];
  const text = sentence.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replace(/:$/, '.');
  return `- [${title}](${path}): ${text}`;
}

it('llms.txt lists each page of the documentation, as the package contains it', async () => {
  // The specification is for those who change the kernel.
  const pages = documents().filter((path) => path.startsWith('docs/') && path !== 'docs/spec.md');
  const list = (folder: RegExp) => pages.filter((path) => folder.test(path)).map(describePage);
  const text = [
    '# @MaiaOS/kernel',
    '',
    '> A local-first SDK for browser apps, in TypeScript: end-to-end-encrypted accounts by passkey, edits that are saved on the device at once, a relay, and a true answer to where the data is.',
    '',
    'AGENTS.md has the mistakes that assistants make. README.md has the smallest app. Links of these pages to files that the package lacks, such as docs/spec.md, lead to these in the repository that `package.json` names.',
    '',
    '## Guides',
    '',
    ...list(/^docs\/[^/]+$/),
    '',
    '## Reference',
    '',
    ...list(/^docs\/reference\//),
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(root, 'llms.txt'));
});
