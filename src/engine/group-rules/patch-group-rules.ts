import { CoValueCore, RawGroup, type JsonValue, type RawAccountID } from 'cojson';
import { isComplete } from '../covalue-access.ts';
import {
  addCircularDependant,
  allBelow,
  dependantsOf,
  getKnownCoValue,
  getOrCreateCoValue,
} from '../covalue-lookup.ts';
import { openContentOf, parentChangesOf } from '../private-fields.ts';
import {
  createWriteKey,
  replaceParentRevelation,
  followCircularDependencies,
  notifySoon,
  replaceGroupValidation,
} from '../private-methods.ts';
import { groupClock } from '../session-maps/edit-clock.ts';
import { privateInGroup } from '../refusals/write-errors.ts';
import { assertMayEnd, assertMayGive } from '../refusals/role-refusals.ts';
import { addGroupDependencies } from './absent-dependencies.ts';
import { askedOnce } from './asked-once.ts';
import { findReadKey } from './keys/find-read-key.ts';
import { findEditKey } from './keys/edit-keys.ts';
import { healKeys, revealToLate } from './keys/heal-keys.ts';
import { leakedTo, replaceLackedKey, replaceLeakedKey, replaceOvertakenKey } from './keys/leaked-keys.ts';
import { replaceReadKey } from './keys/replace-key.ts';
import { revealToParent } from './keys/parent-revelations.ts';
import { markJudged, writeKeyChooser } from './group-in-memory.ts';
import { isAdministrator } from './roles.ts';
import { rotateWithBelow } from './rotate-below.ts';
import { endingRoles, groupsBelow, removeMember } from './remove-member.ts';
import { setAlsoAhead } from './set-again.ts';

let isPatched = false;

/**
 * Decides by the kernel's own rules which transactions of groups and accounts count. cojson 0.20 lets a stranger replace
 * a group's read key, a link lower the owner's role, and a manager become an admin. Process-wide and idempotent.
 */
export function patchGroupRules(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = RawGroup;
  const { addMemberInternal, getCurrentReadKeyId, getMemberKeys, roleOfInternal, set } = prototype;
  const { addDependenciesFromContentMessage, getReadKey } = CoValueCore.prototype;
  replaceGroupValidation(markJudged);

  CoValueCore.prototype.addDependenciesFromContentMessage = function (content) {
    addGroupDependencies(
      this,
      content,
      (naming) => addDependenciesFromContentMessage.call(this, naming),
      () => judgeAgain(this),
    );
  };
  // To those who are absent, no key can be encrypted, and cojson throws.
  prototype.getMemberKeys = function () {
    const { node } = this.core;
    const isHere = (id: string) => !id.startsWith('co_') || getKnownCoValue(node, id)?.isAvailable() === true;
    return getMemberKeys.call(this).filter(isHere);
  };

  // cojson goes up on every way, and a manager can make endlessly many.
  prototype.roleOfInternal = function (account) {
    if (parentChangesOf(this as RawGroup).next().done) return roleOfInternal.call(this, account);
    const question = `${this.atTimeFilter} ${account}`;
    return askedOnce(this.core, question, () => roleOfInternal.call(this, account));
  };
  prototype.getAllMemberKeysSet = function () {
    const groups = new Map([[this.id, this]]);
    for (const group of groups.values())
      for (const parent of group.getParentGroups()) groups.set(parent.id, parent);
    return new Set([...groups.values()].flatMap((group) => group.getMemberKeys()));
  };

  followCircularDependencies(addCircularDependant);
  CoValueCore.prototype.invalidateDependants = function () {
    if (!this.isGroup()) return;
    for (const core of allBelow(this)) {
      core.resetParsedTransactions();
      // cojson does not notify what has no transactions.
      notifySoon(core);
    }
    replaceOvertakenKey(this);
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

  prototype.set = function (key, value, privacy) {
    const setNow = () => {
      set.call(this, key, value, privacy);
    };
    if (privacy === 'trusting') setAlsoAhead(this as RawGroup, key, value as JsonValue, setNow);
    else if (this.core.isGroup()) throw privateInGroup(this.id);
    else setNow();
  };
  prototype.addMemberInternal = function (account, role) {
    assertMayGive(this as RawGroup, account, role);
    const member = (typeof account === 'string' ? account : account.id) as RawAccountID;
    // cojson makes no change if the member has the role at any date.
    if (this.get(member) === role && isAhead(this as RawGroup, member))
      this.set(member, 'revoked', 'trusting');
    endingRoles(groupsBelow(this as RawGroup), [member], () => {
      // cojson replaces the key first, and a date in between would let the member choose the next one.
      if (role === 'writeOnly' && this.roleOfInternal(member) === 'manager')
        addMemberInternal.call(this, account, 'reader');
      addMemberInternal.call(this, account, role);
    });
  };
  // cojson demands a role in the group above, which whoever administers that one can take.
  prototype.revokeExtend = function (parent) {
    const group = this as RawGroup;
    const field = `parent_${parent.id}` as const;
    const given = group.get(field) ?? 'revoked';
    if (given === 'revoked') return;
    assertMayEnd(group, given);
    endingRoles([group, ...groupsBelow(group)], [...parent.getAllMemberKeysSet()], () => {
      group.set(field, 'revoked', 'trusting');
      group.rotateReadKey();
    });
  };
  prototype.removeMember = function (account) {
    removeMember(this as RawGroup, typeof account === 'string' ? account : account.id);
  };

  prototype.rotateReadKey = function (member) {
    rotateWithBelow(this as RawGroup, (group) => {
      replaceReadKey(group, member);
    });
  };

  replaceParentRevelation(revealToParent);

  // cojson also publishes the key of a group that `everyone` may read, if it is missing. A relay can withhold that they no
  // longer may, so only whoever gives `everyone` the right publishes it.
  prototype.migrate = function () {
    healKeys(this as RawGroup);
  };

  // Anyone with the same link may have chosen this member's key.
  prototype.getCurrentReadKeyId = function () {
    if (this.core.isGroup()) {
      replaceLeakedKey(this as RawGroup);
      replaceLackedKey(this as RawGroup);
    }
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
  // Of what a group owns, cojson asks for keys only to read.
  CoValueCore.prototype.getReadKey = function (keyID) {
    const group = this.safeGetGroup();
    return group ? findEditKey(group, keyID) : getReadKey.call(this, keyID);
  };
}

/** After the arrival of what the group had to load without. */
function judgeAgain(group: CoValueCore): void {
  group.resetParsedTransactions();
  group.invalidateDependants();
  const content = openContentOf(group);
  if (content instanceof RawGroup) revealToLate(content as RawGroup);
}

/** Whether an administrator here can give the member a role that now begins later. */
function isAhead(group: RawGroup, member: RawAccountID): boolean {
  const fromMs = Number(group.lastEditAt(member)?.at);
  return fromMs > groupClock(group.core.node).untilMs && isAdministrator(group.myRole());
}

/** Whether the member, or who is an administrator still, chose the key for what the member writes, and only readers have it. */
function isKeyChosenSafely(group: RawGroup, member: string): boolean {
  const chosenBy = writeKeyChooser(group.core, member);
  if (chosenBy === undefined) return false;
  if (chosenBy !== member && !isAdministrator(group.roleOfInternal(chosenBy as RawAccountID))) return false;
  const keyID = group.get(`writeKeyFor_${member as RawAccountID}`);
  return keyID !== undefined && leakedTo(group, keyID, member as RawAccountID) === undefined;
}
