import type { CoValueCore } from 'cojson';
import { expect, it } from 'vitest';
import type { KnownState, RawCoID, SessionID } from '../../engine/content.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { createKnownStates } from './known-states.ts';

const id: RawCoID = 'co_zMap';
const session = 'co_zAna_session_z1' as SessionID;
const state = (count: number): KnownState => ({ id, header: true, sessions: { [session]: count } });

it('only grow', () => {
  const known = createKnownStates();
  known.add(state(3));
  known.add(state(2));
  expect(known.get(id)).toEqual(state(3));
  known.forget(id);
  expect(known.get(id)).toBeUndefined();
});

it('resolve once they cover the CoValue, including later additions', async () => {
  const known = createKnownStates();
  let has = state(1);
  const covered = watchPromise(known.whenCovers(id, { knownState: () => has } as CoValueCore));
  has = state(2);
  known.add(state(1));
  await Promise.resolve();
  expect(covered.isSettled).toBe(false);
  known.add(state(2));
  await covered.settled;
});
