import { covers, joined, type Coverage } from '../../engine/known-counts.ts';
import type { OtherTabs } from './other-tabs.ts';

/**
 * What tabs that are there have sent to a relay in the place of those that wrote it, as far as its word on that is awaited.
 * Who was away meanwhile need not send it again at once.
 */
export interface SentByOthers {
  add(relayID: string, id: string, coverage: Coverage, by: string): void;
  /** The tab that has sent so much of it; undefined where none has that is still there. */
  senderOf(relayID: string, id: string, coverage: Coverage): string | undefined;
  /** The relay has it, or should have. */
  forget(id: string): void;
}

export function createSentByOthers(others: Pick<OtherTabs, 'has'>): SentByOthers {
  const coverageByTabByID = new Map<string, Map<string, { relayID: string; coverage: Coverage }>>();

  return {
    add(relayID, id, coverage, by) {
      const byTab = coverageByTabByID.get(id) ?? new Map<string, { relayID: string; coverage: Coverage }>();
      coverageByTabByID.set(id, byTab);
      const key = `${by} ${relayID}`;
      byTab.set(key, { relayID, coverage: joined(byTab.get(key)?.coverage ?? {}, coverage) });
    },
    senderOf(relayID, id, coverage) {
      for (const [key, sent] of coverageByTabByID.get(id) ?? []) {
        const [by = ''] = key.split(' ');
        if (sent.relayID === relayID && others.has(by) && covers(sent.coverage, coverage)) return by;
      }
      return undefined;
    },
    forget: (id) => void coverageByTabByID.delete(id),
  };
}
