import { covers, mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import type { OtherTabs } from './other-tabs.ts';

/** What present tabs have sent for others, until the relay answers. A tab that was offline need not resend it at once. */
export interface SentByOthers {
  add(relayID: string, id: string, counts: KnownCounts, by: string): void;
  /** The present tab that has sent this much of it, if any. */
  senderOf(relayID: string, id: string, counts: KnownCounts): string | undefined;
  /** The relay has it, or should have. */
  forget(id: string): void;
}

export function createSentByOthers(others: Pick<OtherTabs, 'has'>): SentByOthers {
  const countsByTabByID = new Map<string, Map<string, { relayID: string; counts: KnownCounts }>>();

  return {
    add(relayID, id, counts, by) {
      const byTab = countsByTabByID.get(id) ?? new Map<string, { relayID: string; counts: KnownCounts }>();
      countsByTabByID.set(id, byTab);
      const key = `${by} ${relayID}`;
      byTab.set(key, { relayID, counts: mergeCounts(byTab.get(key)?.counts ?? {}, counts) });
    },
    senderOf(relayID, id, counts) {
      for (const [key, sent] of countsByTabByID.get(id) ?? []) {
        const [by = ''] = key.split(' ');
        if (sent.relayID === relayID && others.has(by) && covers(sent.counts, counts)) return by;
      }
      return undefined;
    },
    forget: (id) => void countsByTabByID.delete(id),
  };
}
