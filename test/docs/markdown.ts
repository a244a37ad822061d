import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** Every document of the repository, named from its top. */
export function documents(): readonly string[] {
  const inFolder = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return [...inFolder('.'), ...inFolder('docs').map((name) => `docs/${name}`)];
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export interface CodeBlock {
  /** Where its first line of code stands in the document, counted from 1. */
  readonly line: number;
  readonly code: string;
}

export function codeBlocks(markdown: string, language: string): readonly CodeBlock[] {
  const fenced = /^```(\S*)[^\n]*\n(.*?)^```$/gms;
  return [...markdown.matchAll(fenced)].flatMap(({ 1: named, 2: code = '', index }) =>
    named === language ? { line: markdown.slice(0, index).split('\n').length + 1, code } : [],
  );
}

/** Without code, so that what stands there is not taken for a heading or a link. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '');
}

export function headings(markdown: string, level = /#+/): readonly string[] {
  const heading = new RegExp(`^${level.source} (.+)$`, 'gm');
  return [...proseOf(markdown).matchAll(heading)].map(({ 1: text = '' }) => text);
}

/** As GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The rows of the first table after a heading, without its head. */
export function tableUnder(markdown: string, heading: string): readonly (readonly string[])[] {
  const [, after = ''] = markdown.split(`# ${heading}\n`);
  const [table = ''] = /(?:^\|.*\n)+/m.exec(after) ?? [];
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}
