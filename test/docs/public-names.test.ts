import { expect, test } from 'vitest';
import { proseOf, readText } from './markdown.ts';
import { entries, exportedNames, listOf } from './public-names.ts';

/** Names of the contract that are not built yet. Remove a name when it is built; never add one that was public. */
const later: Readonly<Record<string, readonly string[]>> = {};

/** The names in a list: `entry name`, and `entry name.part` for each part of it. */
function namesIn(list: string): readonly string[] {
  return list.split('\n\n').flatMap((section) => {
    const [entry = '', ...lines] = section.trim().split('\n');
    return lines.flatMap((line) => {
      const [name = '', parts] = line.trim().split(': ');
      return [`${entry} ${name}`, ...(parts?.split(', ').map((part) => `${entry} ${name}.${part}`) ?? [])];
    });
  });
}

function exported(): string {
  const names = exportedNames(entries().map(({ path }) => path));
  const lists = entries().map(({ entry }, index) => listOf(entry, names[index] ?? {}));
  return `${lists.join('\n\n')}\n`;
}

test('every entry exports the listed names, and the contract except the names planned for later', async () => {
  const now = exported();
  // After a new name: `npx vitest run --project unit test/docs/public-names.test.ts -u`.
  await expect(now).toMatchFileSnapshot('public-names.txt');
  const inContract = namesIn(readText('test/docs/contract-names.txt'));
  expect(inContract.length).toBeGreaterThan(200);
  const there = new Set(namesIn(now));
  const missing = inContract.filter((name) => !there.has(name));
  // The parts of a missing name are missing too.
  expect(missing.filter((name) => !missing.some((whole) => name.startsWith(`${whole}.`)))).toEqual(
    Object.entries(later).flatMap(([entry, names]) => names.map((name) => `${entry} ${name}`)),
  );
}, 120_000);

test('“Not there yet” in the README names the members that are planned for later', () => {
  const [, section = ''] = /^### Not there yet\n(.*?)^##/ms.exec(proseOf(readText('README.md'))) ?? [];
  const named = [...section.matchAll(/`([\w.]+)`/g)].map(({ 1: name = '' }) => name.replace('limits.', ''));
  const members = Object.values(later).flatMap((names) => names.flatMap((name) => name.split('.').slice(1)));
  expect([...new Set(named)].sort()).toEqual([...new Set(members)].sort());
});
