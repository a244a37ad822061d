import { expect, it } from 'vitest';
import { editNotCounted } from './wait-errors.ts';

it.each([
  ['no-access', 'does not permit it', 'for a role that permits it'],
  ['not-a-member-then', 'was not a member', 'for a role that permits it'],
  ['malformed', 'not a valid change of a group', 'by its methods'],
  ['other', 'cojson rejected it', '`stateOf(id).current.notCounted`'],
] as const)('[CONF-15] EDIT_NOT_COUNTED advises what helps against %s', (reason, because, advice) => {
  const error = editNotCounted(['co_z1'], [reason]);
  expect(error).toMatchObject({
    code: 'EDIT_NOT_COUNTED',
    details: { ids: ['co_z1'], reasons: [reason] },
  });
  expect(error.message).toContain(because);
  expect(error.message).toContain(advice);
  expect(error.message.includes('role')).toBe(reason === 'no-access' || reason === 'not-a-member-then');
});
