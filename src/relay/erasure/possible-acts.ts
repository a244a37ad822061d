import type { GroupTransaction } from '../../engine/covalue-access.ts';

/** Who may ever have had which power in a group, by whatever order of its acts: admins and managers can date acts back. */
export class Powers {
  /** A member or the agent of an invite, with the role; and `above`. */
  readonly #given: Set<string>;

  constructor(initialAdmin: string) {
    this.#given = new Set([`${initialAdmin} admin`]);
  }

  /** Grows with each power that was not known before. */
  get count(): number {
    return this.#given.size;
  }

  /** Whether the act may count. What it grants is then possible, too. */
  take({ author, change }: Pick<GroupTransaction, 'author' | 'change'>): boolean {
    const has = (role: string) => this.#given.has(`${author} ${role}`);
    const isAdmin = this.#given.has(above) || has('admin');
    const isManager = isAdmin || has('manager');
    if (change.kind === 'parent') {
      if (isManager) this.#given.add(above);
      return isManager;
    }
    if (change.kind !== 'role') return false;
    const { member, role } = change;
    const mayGive =
      isAdmin ||
      (isManager && !onlyByAdmins.has(role)) ||
      has(`${role}Invite`) ||
      (author === member && role === 'revoked');
    if (mayGive && isPower(role)) this.#given.add(`${member} ${role}`);
    return mayGive;
  }
}

/** There is a group above, whose members may be admins. */
const above = 'above';
const onlyByAdmins: ReadonlySet<string> = new Set(['admin', 'adminInvite', 'managerInvite']);
const isPower = (role: string) => role === 'admin' || role === 'manager' || role.endsWith('Invite');
