import type { CoID, LocalNode, RawCoMap, RawCoValue, RawGroup } from 'cojson';
import { loadCoValue } from '../../harness/library.ts';
import { ask } from '../../harness/page.ts';

/** An open account that is connected to a server. */
export interface Device {
  readonly node: LocalNode;
  /** Resolves once the server has the CoValue. */
  synced(id: CoID<RawCoValue>): Promise<unknown>;
  /** Resolves with its ID once this device has written the file. */
  writeFile(owner: RawGroup, bytes: Blob): Promise<string>;
}

/** All times are in ms since the Unix epoch, by the clock that the browsers of one machine share. */
export const now = () => performance.timeOrigin + performance.now();

/** Offers what the suite asks of a page. */
export function offerDevice(opened: Promise<Device>): void {
  let shared: RawCoMap | undefined;
  const seen = new Map<string, number>();

  ask('shareMap', async (): Promise<string> => {
    const { node, synced } = await opened;
    const group = node.createGroup();
    group.addMember('everyone', 'reader');
    shared = group.createMap({ start: 'x' }, null, 'private');
    await Promise.all([synced(group.id), synced(shared.id)]);
    return shared.id;
  });

  ask('followMap', async (id: string) => {
    const map = await loadCoValue<RawCoMap>((await opened).node, id);
    map.subscribe((update) => {
      for (const key of update.keys()) if (!seen.has(key)) seen.set(key, now());
    });
  });

  ask('makeEdits', async ({ count, paceMs }: Pace): Promise<readonly number[]> => {
    const made: number[] = [];
    for (let number = 0; number < count; number++) {
      made.push(now());
      shared?.set(keyOf(number), `A word or two, as typed ${number}`, 'private');
      await pause(paceMs);
    }
    return made;
  });

  ask('seenEdits', async (count: number): Promise<readonly number[]> => {
    const keys = Array.from({ length: count }, (_, number) => keyOf(number));
    while (!keys.every((key) => seen.has(key))) await pause(10);
    return keys.map((key) => seen.get(key) ?? NaN);
  });

  ask('uploadFile', async (bytes: number): Promise<number> => {
    const { node, synced, writeFile } = await opened;
    const group = node.createGroup();
    const blob = randomBlob(bytes);
    const startedMs = now();
    await synced((await writeFile(group, blob)) as CoID<RawCoValue>);
    return now() - startedMs;
  });
}

export interface Pace {
  readonly count: number;
  readonly paceMs: number;
}

const keyOf = (number: number) => `key${number}`;
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing can make it smaller. Of one piece, like a chosen file: a blob of many is slow to slice. */
export function randomBlob(size: number): Blob {
  const mostAtOnce = 65_536;
  const bytes = new Uint8Array(size);
  for (let start = 0; start < size; start += mostAtOnce)
    crypto.getRandomValues(bytes.subarray(start, start + mostAtOnce));
  return new Blob([bytes]);
}
