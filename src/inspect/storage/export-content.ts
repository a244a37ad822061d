import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { isLeftOut } from '../faults/recorder.ts';
import { kernelVersion } from '../version.ts';
import { contentFormat, type ContentHead, type ContentLine } from './content-file.ts';
import { readContent, textsOf } from './read-content.ts';
import { storageInspectionOf } from './storage-of.ts';

export type WhichContent = ContentHead['which'];

/** Lines of NDJSON, each with its line break. Nothing is read before the first is asked for, and nothing after the last. */
export async function* exportContent(
  which: WhichContent,
  { inspection, clock }: { readonly inspection: SyncInspection; readonly clock: Clock },
): AsyncGenerator<string, void, undefined> {
  const { node } = inspection;
  const device = storageInspectionOf(node);
  const slices = createTimeSlices({ nowMs: () => performance.now(), nextTask });
  yield `${JSON.stringify(headOf(which, { node, clock, device }))}\n`;
  const only = which === 'unsynced' ? await unsyncedIDs(inspection, device) : undefined;
  const counts = { coValues: 0, unreadable: 0, leftOut: 0 };
  for await (const each of readContent({ node, device, withMemory: true, ...(only && { only }) })) {
    if (each.kind === 'unreadable') {
      counts.unreadable++;
      yield `${JSON.stringify(each satisfies ContentLine)}\n`;
    } else if (isLeftOut(each.header)) {
      counts.leftOut++;
    } else {
      counts.coValues++;
      const { id, contents } = each;
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
  }: {
    readonly node: LocalNode;
    readonly clock: Clock;
    readonly device: StorageInspection | undefined;
  },
): ContentHead {
  return {
    ...contentFormat,
    ...{ kernel: kernelVersion, exportedAtMs: clock.nowMs(), which },
    ...{ accountID: node.getCurrentAccountOrAgentID(), of: device ? 'device' : 'memory' },
  };
}

/** Of this tab, and those that other tabs and earlier runs have left on this device. */
async function unsyncedIDs(
  inspection: SyncInspection,
  device: StorageInspection | undefined,
): Promise<ReadonlySet<string>> {
  const own = inspection.unsynced().map(({ id }) => id);
  try {
    return new Set([...own, ...((await device?.unconfirmed()) ?? [])]);
  } catch {
    // That the device cannot be read is said by what reads the content.
    return new Set(own);
  }
}
