import { expect, it } from 'vitest';
import { contentIn, openTwoNodes } from '../../../test/support/engine/session-nodes.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import { nameIDsOf } from './name-headers.ts';
import { writeName } from './name-in-group.ts';

it.each([
  ['[NAME-6] a member that is removed', 'its group'],
  ['[NAME-6] a member that is removed', 'the name'],
  ['[NAME-2] a member of a group that becomes public', 'its group'],
  ['[NAME-2] a member of a group that becomes public', 'the name'],
])('%s gives it no name, also while it looks for %s', async (change, place) => {
  const { owner, other, group, exchange } = await openTwoNodes();
  const account = contentIn(owner, other.expectCurrentAccount('test'));
  group.addMember(account, 'reader');
  exchange();
  const { groupID, mapID } = nameIDsOf(other, group.id, account.id);
  const isWritten = await writeName(contentIn(other, group), 'Ada', (id) => {
    if (id === (place === 'the name' ? mapID : groupID)) {
      if (change.startsWith('[NAME-2]')) group.addMember('everyone', 'reader');
      else group.removeMember(account);
      exchange();
    }
    return Promise.resolve(false);
  });
  expect(isWritten).toBe(false);
  expect(getAvailableCoValue(other, mapID)).toBeUndefined();
});
