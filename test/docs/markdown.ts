import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The reference pages, by their paths from the repository's root. */
export function referencePages(): readonly string[] {
  return pagesIn('docs/reference');
}

/** Every document, by its path from the repository's root. */
export function documents(): readonly string[] {
  return [...pagesIn('.'), ...pagesIn('docs'), ...referencePages(), ...pagesIn('bench')];
}

function pagesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name));
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export interface CodeBlock {
  /** The line of the document on which the block's code begins, counted from 1. */
  readonly line: number;
  readonly code: string;
}

export function codeBlocks(markdown: string, language: string): readonly CodeBlock[] {
  const fenced = /^```(\S*)[^\n]*\n(.*?)^```$/gms;
  return [...markdown.matchAll(fenced)].flatMap(({ 1: named, 2: code = '', index }) =>
    named === language ? { line: markdown.slice(0, index).split('\n').length + 1, code } : [],
  );
}

/** The document without its code blocks, whose text could look like headings or links. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '');
}

/** The targets of links and pictures within the repository. */
export function linksIn(document: string): readonly string[] {
  const link = /(?:\]\(|src=")([^)"\s]+)/g;
  return [...proseOf(readText(document)).matchAll(link)]
    .map(({ 1: target = '' }) => target)
    .filter((target) => !/^https?:/.test(target));
}

export function headings(markdown: string, level = /#+/): readonly string[] {
  const heading = new RegExp(`^${level.source} (.+)$`, 'gm');
  return [...proseOf(markdown).matchAll(heading)].map(({ 1: text = '' }) => text);
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The rows of the first table under a heading, without the header row. */
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
