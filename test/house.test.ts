import { describe, expect, it } from 'vitest';
import { findPatches, patchedFolders, sessionMapWrappers } from '../scripts/measures/cojson-patches.mjs';
import { countDialect, findMatches, passagesOf, rateOf } from '../scripts/measures/dialect.mjs';
import { filesPerFolder, proseFiles, readSource, repeatedNames } from '../scripts/measures/source-files.mjs';

// `npm run lint:imports` checks the order of folders and import cycles.

describe('the layout', () => {
  it('patches cojson only in a few files of src/engine', { timeout: 120_000 }, () => {
    const { rooms, files } = patchedFolders(findPatches());
    expect.soft(rooms).toEqual(['engine']);
    expect(files.length).toBeLessThanOrEqual(10);
  });

  it('replaces createSessionMap once', () => {
    expect(sessionMapWrappers()).toHaveLength(1);
  });

  it('keeps at most 20 production files in a folder', () => {
    const large = filesPerFolder(['src', 'devtools', 'demo']).filter(({ count }) => count > 20);
    expect(large.filter(({ folder }) => folder !== 'src/sync')).toEqual([]);
  });

  it.each(['src', 'devtools', 'demo'])('gives each file of %s a unique name', (folder) => {
    expect(repeatedNames(folder)).toEqual([]);
  });

  it('keeps the README below 12 kB', () => {
    expect(Buffer.byteLength(readSource('README.md'))).toBeLessThanOrEqual(12_000);
  });
});

describe('the dialect rate', () => {
  it('is low in comments, strings and documents', { timeout: 120_000 }, () => {
    const { comments, strings, docs } = countDialect(proseFiles());
    expect.soft(rateOf(comments)).toBeLessThanOrEqual(3);
    expect.soft(rateOf(strings)).toBeLessThanOrEqual(2);
    expect.soft(rateOf(docs)).toBeLessThanOrEqual(3);
  });

  it('joins consecutive line comments', () => {
    const source = '// What is saved\n// comes first.\nconst a = 1; // Later.\n';
    expect(passagesOf('a.ts', source)).toEqual([
      { kind: 'comments', text: 'What is saved comes first.', line: 1 },
      { kind: 'comments', text: 'Later.', line: 3 },
    ]);
  });

  it('reads capitalised strings of five words, but no code', () => {
    const source = "const a = 'Nobody is there to answer it';\nconst b = 'Nobody';\nconst nobody = `x`;";
    expect(passagesOf('a.ts', source)).toEqual([
      { kind: 'strings', text: 'Nobody is there to answer it', line: 1 },
    ]);
  });

  it('reads paragraphs of documents, but no code blocks', () => {
    const passages = passagesOf('a.md', 'One\nparagraph.\n\n```ts\ncode\n```\n\nAnother.\n');
    expect(passages.map(({ text, line }) => [text.trim(), line])).toEqual([
      ['One paragraph.', 1],
      ['Another.', 8],
    ]);
  });

  it.each([
    ['Who asks is not answered.', 1],
    ['It stands where it was.', 2],
    ['The relay confirms the transaction.', 0],
  ])('counts the matches in %j', (text, count) => {
    expect(findMatches(text)).toHaveLength(count);
  });
});
