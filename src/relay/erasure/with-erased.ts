import type { Restrictions } from '../operator/restrictions.ts';
import type { ErasedIDs } from './erased-ids.ts';
import { namedInHeader } from '../database/guard/erasure-guard.ts';

/** For people. */
export const erasedAccount = 'This account was erased from this relay.';

type Checks = Pick<Restrictions, 'blockOf' | 'barredBy' | 'closedBy' | 'isTakenDown' | 'list'>;

/** What operators have forbidden, and what was erased from this namespace: it is taken down for good. */
export function withErased(restrictions: Checks, erased: Pick<ErasedIDs, 'find'>): Checks {
  const isErased = (id: string) => erased.find(id) !== undefined;
  return {
    blockOf(principal) {
      const { kind, id } = principal;
      if (kind === 'account' && isErased(id)) return { reason: erasedAccount, untilMs: 0, isErased: true };
      return restrictions.blockOf(principal);
    },
    // An account writes under its own ID everywhere but in itself.
    barredBy: (author) =>
      author.startsWith('co_') && isErased(author) ? 'erased-author' : restrictions.barredBy(author),
    // With a new header, the name of an account that was erased would come back.
    closedBy: (id, newHeader) =>
      isErased(id) || (newHeader && namedInHeader(id, newHeader).some(isErased))
        ? 'erased'
        : restrictions.closedBy(id),
    list: restrictions.list,
    isTakenDown: (id) => erased.find(id) === 'gone' || restrictions.isTakenDown(id),
  };
}
