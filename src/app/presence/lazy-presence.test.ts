import type { JsonValue } from 'cojson';
import { expect, it } from 'vitest';
import { createReadable } from '../../base/readable.ts';
import { createLazyPresence, noPresenceYet } from './lazy-presence.ts';
import type { Presence } from './presence-types.ts';

function create() {
  const shown: (JsonValue | undefined)[] = [];
  let arrive: (presence: Presence) => void = () => {};
  const here = new Promise<Presence>((resolve) => (arrive = resolve));
  const source = createReadable(noPresenceYet);
  let isKept = false;
  const presence = createLazyPresence(
    source,
    () => here,
    (isInUse) => (isKept = isInUse),
  );
  const fetched = async () => {
    arrive({ ...source, set: (state) => void shown.push(state) });
    await here;
    await Promise.resolve();
  };
  return { presence, shown, fetched, isKept: () => isKept };
}

it('[PRES-7] shows the latest state once the code is here, and each later one at once', async () => {
  const { presence, shown, fetched } = create();
  presence.set(1);
  presence.set(2);
  await fetched();
  expect(shown).toEqual([2]);
  presence.set(3);
  expect(shown).toEqual([2, 3]);
});

it('[PRES-7] shows nothing if the last subscription ended before the code was here', async () => {
  const { presence, shown, fetched } = create();
  const [end, endOther] = [presence.subscribe(() => {}), presence.subscribe(() => {})];
  presence.set(1);
  end();
  end();
  endOther();
  await fetched();
  expect(shown).toEqual([]);
});

it('[PRES-7] is in use while it shows a state, which ends with the last subscription', () => {
  const { presence, isKept } = create();
  presence.set(1);
  expect(isKept()).toBe(true);
  presence.set(undefined);
  expect(isKept()).toBe(false);
  const end = presence.subscribe(() => {});
  presence.set(2);
  expect(isKept()).toBe(true);
  end();
  expect(isKept()).toBe(false);
});
