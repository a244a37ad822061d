// An invite is a member of a group: an agent whose role is, for example, `writerInvite`.
export { inviteAgentOf, inviteInvalid } from './refusals/invite-errors.ts';
export { assertMayGive } from './refusals/role-refusals.ts';
export { isAdministrator, raises, roleOfInvite } from './group-rules/roles.ts';
export { removeMember } from './group-rules/remove-member.ts';
export { joinByInvite } from './group-rules/join-group.ts';
export { currentKeyOf, sharedKeyOf, type SharedKey } from './group-rules/keys/shared-keys.ts';
