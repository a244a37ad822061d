import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import { kernelVersion } from '../../base/version.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { isLeftOut } from '../shared/app-content.ts';
import { contentFormat, type ContentHead, type ContentLine } from './content-file.ts';
import { readContent, textsOf } from './read-content.ts';

export type WhichContent = ContentHead['which'];

/** Yields lines of NDJSON, each with its line break. Reads lazily, and stops when the iteration ends. */
export async function* exportContent(
  which: WhichContent,
  options: {
    readonly inspection: SyncInspection;
    readonly device: StorageInspection | undefined;
    readonly clock: Clock;
  },
): AsyncGenerator<string, void, undefined> {
  const { inspection, device, clock } = options;
  const { node } = inspection;
  const slices = createTimeSlices({ nowMs: () => performance.now(), nextTask });
  yield `${JSON.stringify(headOf(which, { node, clock, device }))}\n`;
  const only = which === 'unsynced' ? await unsyncedIDs(inspection, device) : undefined;
  const counts = { coValues: 0, unreadable: 0, leftOut: 0 };
  for await (const entry of readContent({ node, device, withMemory: true, ...(only && { only }) })) {
    if (entry.kind === 'unreadable') {
      counts.unreadable++;
      yield `${JSON.stringify(entry satisfies ContentLine)}\n`;
    } else if (isLeftOut(entry.header)) {
      counts.leftOut++;
    } else {
      counts.coValues++;
      const { id, contents } = entry;
      const start = JSON.stringify({ kind: 'covalue', id, content: [] } satisfies ContentLine);
      yield `${start.slice(0, -2)}${(await textsOf(contents, slices)).join(',')}]}\n`;
    }
  }
  yield `${JSON.stringify({ kind: 'end', ...counts } satisfies ContentLine)}\n`;
}

function headOf(
  which: WhichContent,
  {
    node,
    clock,
    device,
  }: { readonly node: LocalNode; readonly clock: Clock; readonly device: StorageInspection | undefined },
): ContentHead {
  return {
    ...contentFormat,
    kernel: kernelVersion,
    exportedAtMs: clock.nowMs(),
    which,
    accountID: node.getCurrentAccountOrAgentID(),
    of: device ? 'device' : 'memory',
  };
}

/** Includes the edits that other tabs and earlier runs left on this device. */
async function unsyncedIDs(
  inspection: SyncInspection,
  device: StorageInspection | undefined,
): Promise<ReadonlySet<string>> {
  const ofThisTab = inspection.unsynced().map(({ id }) => id);
  try {
    return new Set([...ofThisTab, ...((await device?.unconfirmed()) ?? [])]);
  } catch {
    // Reading the content reports that the device is unreadable.
    return new Set(ofThisTab);
  }
}
