import { isEqual } from '../../base/equal.ts';
import type { Readable } from '../../base/readable.ts';
import { isComplete } from '../../engine/covalue-access.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import { recoverableEditsIn, type RecoverableEdit } from '../../engine/edit-verdicts.ts';
import type { AppParts } from '../app-parts.ts';
import type { CountedWork } from './counted-readable.ts';

const none: readonly RecoverableEdit[] = [];

/** Follows the account's edits of a CoValue that do not count. They are read from its content, so all runs have the same. */
export function watchNotCounted(
  id: string,
  parts: Pick<AppParts, 'node' | 'accountID' | 'sync' | 'clock'> & {
    readonly watch: (id: string) => Readable<unknown>;
  },
): CountedWork<readonly RecoverableEdit[]> {
  const { node, accountID, sync, clock, watch } = parts;
  let before = none;

  function read(): readonly RecoverableEdit[] {
    const core = findCoValue(node, id);
    if (!core?.isAvailable() || !isComplete(core)) return before;
    if (core.isDeleted) return (before = none);
    try {
      // cojson judges the edits of what is open.
      core.getCurrentContent();
      const now = recoverableEditsIn(core, accountID);
      return isEqual(now, before) ? before : (before = now);
    } catch {
      // cojson cannot read the content.
      return before;
    }
  }

  return {
    read,
    start(changed) {
      let cancel: (() => void) | undefined;
      /** In a later task, because cojson applies changes of groups in microtasks, too. */
      function soon(): void {
        cancel ??= clock.after(0, () => {
          cancel = undefined;
          changed();
        });
      }
      const stopChanges = sync.on('change', ({ ids }) => {
        if (ids.some((changedID) => changedID === id || findCoValue(node, changedID)?.isGroupOrAccount()))
          soon();
      });
      // Keeps the value loaded.
      const stopValue = watch(id).subscribe(soon);
      return () => {
        stopChanges();
        stopValue();
        cancel?.();
      };
    },
  };
}
