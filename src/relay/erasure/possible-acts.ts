import type { GroupTransaction } from '../../engine/covalue-access.ts';

/** Who may ever have had which power in a group, by whatever order of its acts: admins and managers can date acts back. */
export class Powers {
  #admins: Set<string>;
  #managers = new Set<string>();
  /** By the agents of invites. */
  #invites = new Map<string, Set<string>>();
  /** Members of a group above may be admins. */
  #hasParent = false;
  #grown = 0;

  constructor(initialAdmin: string) {
    this.#admins = new Set([initialAdmin]);
  }

  /** Grows with each power that was not known before. */
  get grown(): number {
    return this.#grown;
  }

  /** Whether the act may count. What it grants is then possible, too. */
  take({ author, change }: Pick<GroupTransaction, 'author' | 'change'>): boolean {
    if (change.kind !== 'role' && change.kind !== 'parent') return false;
    const isAdmin = this.#hasParent || this.#admins.has(author);
    const isManager = isAdmin || this.#managers.has(author);
    if (change.kind === 'parent') {
      if (isManager && !this.#hasParent) {
        this.#hasParent = true;
        this.#grown++;
      }
      return isManager;
    }
    const { member, role } = change;
    const isLeaving = author === member && role === 'revoked';
    const isManagers = isManager && !onlyByAdmins.has(role);
    const isInvited = this.#invites.get(author)?.has(`${role}Invite`) === true;
    if (!isAdmin && !isManagers && !isInvited && !isLeaving) return false;
    this.#grant(member, role);
    return true;
  }

  #grant(member: string, role: string): void {
    let granted: Set<string> | undefined;
    if (role === 'admin') granted = this.#admins;
    else if (role === 'manager') granted = this.#managers;
    else if (role.endsWith('Invite')) {
      granted = this.#invites.get(member) ?? new Set();
      this.#invites.set(member, granted);
    }
    const of = role.endsWith('Invite') ? role : member;
    if (!granted || granted.has(of)) return;
    granted.add(of);
    this.#grown++;
  }
}

const onlyByAdmins: ReadonlySet<string> = new Set(['admin', 'adminInvite', 'managerInvite']);
