import type { LocalNode } from 'cojson';
import { ask } from '../../harness/page.ts';
import { doWork, readWork, type Work } from './work.ts';

export interface Made {
  /** Until the edits are made. */
  readonly madeMs: number;
  /** Until all of them are on the device. */
  readonly savedMs: number;
  readonly storedBytes: number;
}

export interface Read {
  /** From the start of the page. */
  readonly openMs: number;
  readonly readableMs: number;
  /** From the open account. */
  readonly readMs: number;
  readonly count: number;
}

interface Account {
  readonly node: LocalNode;
  saved(): Promise<void>;
  close(): Promise<unknown>;
}

const key = 'made';

export function offerMaking(created: Promise<Account>): void {
  ask('makeWork', async (work: Work): Promise<Made> => {
    const { node, saved, close } = await created;
    await saved();
    const before = await storedBytes();
    const startedMs = performance.now();
    const id = await doWork(node, work);
    const madeMs = performance.now() - startedMs;
    await saved();
    const savedMs = performance.now() - startedMs;
    localStorage.setItem(key, JSON.stringify({ id, work }));
    await close();
    return { madeMs, savedMs, storedBytes: (await storedBytes()) - before };
  });
}

/** Reads what the last page of this origin has made, as soon as this one starts. */
export function offerReading(opened: Promise<LocalNode>): void {
  const reading = (async (): Promise<Read> => {
    const node = await opened;
    const openMs = performance.now();
    const { id, work } = JSON.parse(localStorage.getItem(key) ?? '') as { id: string; work: Work };
    const count = await readWork(node, work, id);
    const readableMs = performance.now();
    return { openMs, readableMs, readMs: readableMs - openMs, count };
  })();
  ask('readWork', () => reading);
}

async function storedBytes(): Promise<number> {
  const { usage = 0 } = await navigator.storage.estimate();
  return usage;
}
