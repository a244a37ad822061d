// A model of who may do what. Alice alone changes roles, so they are a list of states, in her order. Attackers with a right to
// give roles only ever raise what others may have, so whatever the kernel makes of such a change stays below.

export type GroupName = 'top' | 'low';
export const groupNames: readonly GroupName[] = ['top', 'low'];

const ranks: Readonly<Record<string, number>> = {
  ...{ revoked: 0, writeOnly: 1, writeOnlyInvite: 2, reader: 3, readerInvite: 4, writer: 5 },
  ...{ writerInvite: 6, manager: 7, managerInvite: 8, admin: 9, adminInvite: 10 },
};
const inherited = ['reader', 'writer', 'manager', 'admin'];
const writing = ['writeOnly', 'writer', 'manager', 'admin'];
const reading = [...inherited, 'readerInvite', 'writerInvite', 'managerInvite'];

export const rankOf = (roles: readonly string[]) => Math.max(0, ...roles.map((role) => ranks[role] ?? 0));
export const canWrite = (roles: readonly string[]) => roles.some((role) => writing.includes(role));
export const canRead = (roles: readonly string[]) => roles.some((role) => reading.includes(role));
export const isManager = (roles: readonly string[]) =>
  roles.some((role) => role === 'manager' || role === 'admin');

/** After one of Alice's acts. */
export interface State {
  readonly roles: Readonly<Record<GroupName, ReadonlyMap<string, string>>>;
  /** The dates of the first and the last transaction of the act. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How many transactions Alice's session then has in each group. */
  readonly counts: Readonly<Record<GroupName, number>>;
}

/** A role that an attacker had the right to give. */
interface Raise {
  readonly group: GroupName;
  readonly member: string;
  readonly role: string;
  readonly sessionID: string;
  readonly index: number;
  /** The state in which Alice, who had it, gave the member another role. */
  ended: number;
}

export interface Model {
  readonly states: State[];
  /** The role that the lower group gives to the members of the upper one. */
  readonly mapping: string;
  /** Groups in which a manager has used rights that let them harm others. */
  readonly disturbed: Set<GroupName>;
  raise(raise: Omit<Raise, 'ended'>): void;
  /** Adds the state in which Alice has changed the member. `had`: how much of a session she had in the group. */
  change(
    group: GroupName,
    member: string,
    role: string,
    had: (sessionID: string) => number,
    rest: Omit<State, 'roles'>,
  ): void;
  /** All the roles that a member may have, from each source. `byAlice`: only those that nothing but her acts can take. */
  rolesOf(state: number, group: GroupName, member: string, byAlice?: boolean): readonly string[];
  mayWriteAt(group: GroupName, member: string, ms: number): boolean;
  isEver(
    may: (roles: readonly string[]) => boolean,
    group: GroupName,
    member: string,
    from?: number,
  ): boolean;
}

export function createModel(first: State, mapping: string): Model {
  const states = [first];
  const raises: Raise[] = [];
  const disturbed = new Set<GroupName>();

  function rolesIn(state: number, group: GroupName, member: string, byAlice: boolean): string[] {
    if (byAlice) return [states[state]?.roles[group].get(member) ?? 'revoked'];
    const given = [member, 'everyone'].flatMap((one) => states[state]?.roles[group].get(one) ?? []);
    const raised = raises.filter(
      (one) => one.group === group && [member, 'everyone'].includes(one.member) && state < one.ended,
    );
    return [...given, ...raised.map(({ role }) => role)];
  }
  function rolesOf(state: number, group: GroupName, member: string, byAlice = false): readonly string[] {
    const own = rolesIn(state, group, member, byAlice);
    if (group === 'top') return own;
    const above = rolesIn(state, 'top', member, byAlice).filter((role) => inherited.includes(role));
    return [...own, ...above.map((role) => (mapping === 'extend' ? role : mapping))];
  }
  function isEver(
    may: (roles: readonly string[]) => boolean,
    group: GroupName,
    member: string,
    from = 0,
  ): boolean {
    return states.some((_, state) => state >= from && may(rolesOf(state, group, member)));
  }

  return {
    states,
    mapping,
    disturbed,
    rolesOf,
    isEver,
    raise: (raise) => void raises.push({ ...raise, ended: Infinity }),
    change(group, member, role, had, rest) {
      const last = states.at(-1) ?? first;
      for (const one of raises)
        if (one.group === group && one.member === member && had(one.sessionID) > one.index)
          one.ended = Math.min(one.ended, states.length);
      const roles = { ...last.roles, [group]: new Map([...last.roles[group], [member, role]]) };
      states.push({ roles, ...rest });
    },
    mayWriteAt(group, member, ms) {
      const isRaised = raises.some(
        (one) => [member, 'everyone'].includes(one.member) && (one.group === group || one.group === 'top'),
      );
      return (
        isRaised ||
        states.some((state, place) => {
          const endMs = states[place + 1]?.untilMs ?? Infinity;
          return ms >= state.fromMs && ms <= endMs && canWrite(rolesOf(place, group, member));
        })
      );
    },
  };
}
