import type { CoValueHeader } from '../content.ts';
import { decideReading, type ReadTransaction } from '../private-methods.ts';
import { namesOtherPlace } from '../session-place.ts';
import { readableChanges, type ChangedValue } from './change-shapes.ts';
import { rememberPlace } from '../fixes/tie-order.ts';
import { readSource } from './merge-claims.ts';
import { readableMeta, withoutPointer } from './meta-shapes.ts';
import { showOnce } from './written-again.ts';

let isPatched = false;

/**
 * Leaves out of every CoValue what was signed for another place, and what cojson cannot read: with 0.20, one transaction
 * of any member makes a CoValue unreadable, and a relay can replay what was written elsewhere. Process-wide and
 * idempotent.
 */
export function patchReading(): void {
  if (isPatched) return;
  isPatched = true;
  decideReading({
    read({ id, verified: { header } }, { tx, changes, meta: signedMeta, currentTxID, previous }) {
      const isGroup = header.ruleset.type === 'group';
      // Each transaction of a session signs the same place, so a group of a thousand members would keep ten thousand copies. In
      // groups, cojson keeps the meta as it is read here.
      const before = isGroup && tx.meta === previous?.tx.meta ? previous?.meta : undefined;
      const meta = before ?? readableMeta(signedMeta);
      const isTrusting = tx.privacy === 'trusting';
      if (isTrusting && meta !== before && meta && namesOtherPlace(id, currentTxID.sessionID, meta))
        return refused('Signed for another place');
      // The group rules read the changes of groups and accounts.
      if (isGroup) return { changes: changes ?? [], meta };
      const readable = readableChanges(valueOf(header), changes);
      return readable ? { changes: readable, meta } : refused('Malformed changes');
    },
    changes: (header, decrypted) => readableChanges(valueOf(header), decrypted),
    meta: readableMeta,
    // cojson lets readers name a branch, then leaves out the changes, and goes on showing those it has shown before.
    judged: ({ changes, meta }) => (changes && changes.length > 0 && meta ? withoutPointer(meta) : meta),
    source: readSource,
    counting: showOnce,
    moved: rememberPlace,
  });
}

/** Without changes it does nothing even where cojson shows what does not count, as in a list. */
function refused(refusal: string): ReadTransaction {
  return { changes: [], meta: undefined, refusal };
}

function valueOf({ type, meta }: CoValueHeader): ChangedValue {
  return { type, isFile: type === 'costream' && meta?.['type'] === 'binary' };
}
