import { expect, it } from 'vitest';
import { engineFact } from '../../src/session/passkeys/engine-facts.ts';
import { readText, tableUnder } from './markdown.ts';

/** The user agent of each browser, by version. */
const userAgents: Readonly<Record<string, (version: string) => string>> = {
  'Chrome and Edge': (version) => `Mozilla/5.0 (X11; Linux x86_64) Chrome/${version}.0 Safari/537.36`,
  Safari: (version) => `Mozilla/5.0 (Macintosh) Version/${version} Safari/605.1.15`,
  'Firefox on a computer': (version) => `Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/${version}.0`,
  'Firefox on Android': (version) =>
    `Mozilla/5.0 (Android 14; Mobile) Gecko/${version}.0 Firefox/${version}.0`,
};

const rows = tableUnder(readText('docs/accounts.md'), 'Which browsers, and how many prompts?');

it.each(Object.keys(userAgents))('docs/accounts.md names the first supported version of %s', (name) => {
  const [, first = ''] =
    rows.map(([cell = '']) => cell.split(', from ')).find(([browser]) => browser === name) ?? [];
  const userAgent = userAgents[name];
  expect(Number(first)).toBeGreaterThan(0);
  expect(engineFact(userAgent?.(first))).toBeUndefined();
  const before = first.includes('.') ? (Number(first) - 0.1).toFixed(1) : String(Number(first) - 1);
  expect(engineFact(userAgent?.(before))).toBeDefined();
});

it('the README links to docs/accounts.md', () => {
  expect(readText('README.md')).toContain('](docs/accounts.md)');
});
