import { expect, test } from 'vitest';
import { readText } from './markdown.ts';
import { entries, exportedNames, listOf } from './public-names.ts';

/** In the contract, and not built yet. What is built goes from here, and nothing comes here that was public once. */
const later: Readonly<Record<string, readonly string[]>> = {
  '@MaiaOS/kernel': ['RelayAuth', 'RelayTarget.auth', 'SyncOptions.appId', 'SyncOptions.auth'],
  '@MaiaOS/kernel/relay': [
    'Relay.block',
    'Relay.unblock',
    'RelayLimits.authMs',
    'RelayOptions.appIds',
    'RelayOptions.auth',
    'RelayOptions.authorize',
    'RelayOptions.publicUrls',
  ],
};

/** Each line of a list: `entry name`, and `entry name.part` for each of its parts. */
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

test('what each entry exports is what is listed, and the contract but for what comes later', async () => {
  const now = exported();
  // After a new name: `npx vitest run --project unit scripts/docs/public-names.test.ts -u`.
  await expect(now).toMatchFileSnapshot('public-names.txt');
  const inContract = namesIn(readText('scripts/docs/contract-names.txt'));
  expect(inContract.length).toBeGreaterThan(200);
  const there = new Set(namesIn(now));
  const missing = inContract.filter((name) => !there.has(name));
  // With a name, its parts are missing too.
  expect(missing.filter((name) => !missing.some((whole) => name.startsWith(`${whole}.`)))).toEqual(
    Object.entries(later).flatMap(([entry, names]) => names.map((name) => `${entry} ${name}`)),
  );
}, 120_000);
