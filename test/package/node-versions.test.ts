import { expect, it } from 'vitest';
import { readText } from '../docs/markdown.ts';

const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } };
const needed = [...engines.node.matchAll(/(\d+\.\d+)\.0/g)].map(({ 1: version = '' }) => version);

it.each(['README.md', 'docs/start.md', 'CONTRIBUTING.md', 'scripts/check-node.mjs'])(
  '%s names the versions of Node that package.json requires',
  (path) => {
    expect(needed).toHaveLength(2);
    const [sentence = ''] =
      /[^\n]*\bNode (?:20|\d+\.\d+)[^\n]*|[^\n]*project needs[^\n]*/.exec(readText(path)) ?? [];
    expect(sentence.match(/\b\d\d\.\d+/g)).toEqual(needed);
  },
);
