import { CoValueCore, RawGroup, type RawAccountID } from 'cojson';
import { isComplete } from '../covalue-access.ts';
import { addCircularDependant, allBelow, dependantsOf, getOrCreateCoValue } from '../covalue-lookup.ts';
import {
  createWriteKey,
  followCircularDependencies,
  notifySoon,
  replaceGroupValidation,
} from '../private-fields.ts';
import { assertMayGive } from '../refusals/role-refusals.ts';
import { findReadKey } from './find-read-key.ts';
import { healSealer } from './heal-sealer.ts';
import { judgeInMemory, writeKeyChooser } from './group-in-memory.ts';
import { isAdministrator } from './roles.ts';
import { endingRoles, groupsBelow, removeFrom } from './remove-member.ts';

let isPatched = false;

/**
 * Decides by the kernel's own rules which transactions of groups and accounts count. cojson 0.20 lets a stranger replace
 * a group's read key, a link lower the owner's role, and a manager become an admin. Process-wide and idempotent.
 */
export function patchGroupRules(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = RawGroup;
  const { addMemberInternal, getCurrentReadKeyId, revokeExtend } = prototype;
  replaceGroupValidation((core) => {
    const { refusals } = judgeInMemory(core);
    core.verifiedTransactions.forEach((transaction, place) => {
      const refusal = refusals[place];
      if (refusal === undefined) transaction.markValid();
      else transaction.markInvalid(refusal);
    });
  });

  followCircularDependencies(addCircularDependant);
  CoValueCore.prototype.invalidateDependants = function () {
    if (this.isGroup()) for (const core of allBelow(this)) core.resetParsedTransactions();
  };
  CoValueCore.prototype.notifyDependants = function () {
    if (this.isGroup()) allBelow(this).forEach(notifySoon);
  };
  prototype.forEachChildGroup = function (callback) {
    for (const id of dependantsOf(this.core)) {
      const core = getOrCreateCoValue(this.core.node, id);
      const isMap = core.isGroup() && core.verified?.header.type === 'comap';
      const content = isMap ? core.getCurrentContent() : undefined;
      const child = content instanceof RawGroup ? content : undefined;
      const given = child?.get(`parent_${this.id}` as 'everyone');
      if (child && given && given !== 'revoked') callback(child as RawGroup);
    }
  };

  prototype.addMemberInternal = function (account, role) {
    assertMayGive(this as RawGroup, account, role);
    const member = (typeof account === 'string' ? account : account.id) as RawAccountID;
    endingRoles(groupsBelow(this as RawGroup), [member], () => {
      // cojson replaces the key first, and a date in between would let the member choose the next one.
      if (role === 'writeOnly' && this.roleOfInternal(member) === 'manager')
        addMemberInternal.call(this, account, 'reader');
      addMemberInternal.call(this, account, role);
    });
  };
  prototype.revokeExtend = function (parent) {
    const group = this as RawGroup;
    endingRoles([group, ...groupsBelow(group)], [...parent.getAllMemberKeysSet()], () => {
      revokeExtend.call(this, parent);
    });
  };
  prototype.removeMember = function (account) {
    assertMayGive(this as RawGroup, account, 'revoked');
    removeFrom(this as RawGroup, typeof account === 'string' ? account : account.id);
  };

  // cojson also publishes the key of a group that `everyone` may read, if it is missing. A relay can withhold that they no
  // longer may, so only whoever gives `everyone` the right publishes it.
  prototype.migrate = function () {
    healSealer(this as RawGroup);
  };

  // Anyone with the same link may have chosen this member's key.
  prototype.getCurrentReadKeyId = function () {
    const role = this.myRole();
    const isOwnKeyUsed = role === undefined || role === 'writeOnly';
    if (isOwnKeyUsed && !isKeyChosenSafely(this as RawGroup, this.core.node.getCurrentAgent().id)) {
      if (role === undefined) return this.get('readKey');
      if (isComplete(this.core)) createWriteKey(this as RawGroup);
    }
    return getCurrentReadKeyId.call(this);
  };

  prototype.getUncachedReadKey = function (keyID) {
    return findReadKey(this as RawGroup, keyID);
  };
}

/** Whether the member, or who is an administrator still, chose the key for what the member writes. */
function isKeyChosenSafely(group: RawGroup, member: string): boolean {
  const chosenBy = writeKeyChooser(group.core, member);
  if (chosenBy === undefined || chosenBy === member) return chosenBy === member;
  return isAdministrator(group.roleOfInternal(chosenBy as RawAccountID));
}
