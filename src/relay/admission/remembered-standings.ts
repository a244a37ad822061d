import type { FindGroup } from './group-graph.ts';
import type { Standing } from './group-members.ts';
import { standingIn } from './standing.ts';

/**
 * The standings that groups above give: to find one, each of these groups is asked, and there can be thousands. A standing is
 * never taken back. One that may still rise is asked again once one of the groups has changed.
 */
export interface RememberedStandings {
  /** At least this is asked for: if the author has it, more may not be found. */
  of(groupID: string, author: string, enough: Exclude<Standing, 'none'>): Standing;
  /** The group has arrived, or its roles or parents have changed. */
  changed(groupID: string): void;
  clear(): void;
}

/** Anyone can write as any number of authors. */
const mostRemembered = 20_000;

export function createRememberedStandings(find: FindGroup): RememberedStandings {
  const remembered = new Map<string, { readonly standing: Standing; readonly round: number }>();
  const asked = new Set<string>();
  let round = 0;

  return {
    of(groupID, author, enough) {
      const key = `${groupID} ${author}`;
      const known = remembered.get(key);
      if (known?.round === round) return known.standing;
      if (known?.standing === 'administrator' || known?.standing === enough) return known.standing;
      const standing = standingIn(groupID, author, (id) => {
        asked.add(id);
        return find(id);
      });
      if (remembered.size >= mostRemembered) remembered.clear();
      remembered.set(key, { standing, round });
      return standing;
    },
    changed(groupID) {
      if (!asked.has(groupID)) return;
      asked.clear();
      round++;
    },
    clear() {
      asked.clear();
      remembered.clear();
      round++;
    },
  };
}
