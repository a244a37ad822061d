/**
 * What a client's memory is used for: an unfinished message, received messages, those that wait for `authorize`, content that
 * waits for its dependencies or for its author's role, or for its commit, messages to the client, answers to its loads, what it
 * has, and the rooms that it is in.
 */
export const clientUses = [
  'unfinished',
  'received',
  'undecided',
  'waiting',
  'held',
  'uncommitted',
  'outgoing',
  'loads',
  'known',
  'presence',
] as const;
export type ClientUse = (typeof clientUses)[number];
export type ClientUses = Record<ClientUse, number>;

/** What the relay holds in memory for one client. */
export interface MemoryAccount {
  /** Sets how many bytes there are of one use. Each use is set by the one queue that it counts. */
  hold(use: ClientUse, bytes: number): void;
  /** Whether to take nothing more from the client for now: memory is tight, and the client has more than its share. */
  mustWait(): boolean;
  /** Releases all of it. Call it once the socket is closed; until then, the socket may keep data. */
  close(): void;
}

export interface MemoryHolder {
  /** `mustWait` has changed. */
  changed(): void;
  /** Disconnects the client soon, whatever it does. */
  refuse(): void;
}

export interface MemoryAccounts {
  open(holder: MemoryHolder): MemoryAccount;
  bytes(): number;
  /** Of clients that were refused and are not gone yet. */
  leavingBytes(): number;
  uses(): Readonly<ClientUses>;
  /** Refuses clients beyond their shares, those that hold most first, as long as `isTooMuch`. */
  refuseLargest(isTooMuch: () => boolean): void;
  /** Memory is no longer tight. */
  wake(): void;
}

export interface MemoryAccountsOptions {
  readonly limitBytes: number;
  isTight(): boolean;
  /** The sum has changed. */
  changed(): void;
}

/** The shares sum up to this part of the memory, which is not tight then: clients within them get on. */
const sharedPart = 0.7;
const minShareBytes = 64_000;

interface Accounting {
  set(account: Account, use: ClientUse, bytes: number): void;
  mustWait(account: Account): boolean;
  close(account: Account): void;
}

class Account implements MemoryAccount {
  /** Created on demand, because thousands of idle connections need none. */
  uses: ClientUses | undefined;
  bytes = 0;
  isLeaving = false;

  constructor(
    readonly holder: MemoryHolder,
    private readonly accounting: Accounting,
  ) {}

  hold(use: ClientUse, bytes: number): void {
    this.accounting.set(this, use, bytes);
  }

  mustWait(): boolean {
    return this.accounting.mustWait(this);
  }

  close(): void {
    this.accounting.close(this);
  }
}

export function createMemoryAccounts({
  limitBytes,
  isTight,
  changed,
}: MemoryAccountsOptions): MemoryAccounts {
  const accounts = new Set<Account>();
  const waiting = new Set<Account>();
  const uses = noUses();
  let bytes = 0;
  let leavingBytes = 0;

  const shareBytes = () => Math.max(minShareBytes, (sharedPart * limitBytes) / accounts.size);
  const isBeyondShare = (account: Account) => account.bytes > shareBytes();

  function set(account: Account, use: ClientUse, newBytes: number): void {
    const oldBytes = account.uses?.[use] ?? 0;
    if (newBytes === oldBytes || !accounts.has(account)) return;
    (account.uses ??= noUses())[use] = newBytes;
    account.bytes += newBytes - oldBytes;
    uses[use] += newBytes - oldBytes;
    bytes += newBytes - oldBytes;
    if (account.isLeaving) leavingBytes += newBytes - oldBytes;
    changed();
    compareWithShare(account);
  }

  function compareWithShare(account: Account): void {
    const mustWait = isTight() && isBeyondShare(account);
    if (mustWait === waiting.has(account)) return;
    if (mustWait) waiting.add(account);
    else waiting.delete(account);
    notify(account);
  }

  /** Not within the call: what is notified may change what it holds. */
  function notify({ holder }: Account): void {
    queueMicrotask(() => holder.changed());
  }

  function close(account: Account): void {
    for (const use of clientUses) set(account, use, 0);
    accounts.delete(account);
    waiting.delete(account);
    // The shares of the others have grown.
    for (const other of [...waiting]) compareWithShare(other);
  }

  const accounting: Accounting = { set, mustWait: (account) => waiting.has(account), close };

  return {
    open(holder) {
      const account = new Account(holder, accounting);
      accounts.add(account);
      return account;
    },
    bytes: () => bytes,
    leavingBytes: () => leavingBytes,
    uses: () => uses,
    refuseLargest(isTooMuch) {
      const largest = [...accounts].filter((account) => !account.isLeaving && isBeyondShare(account));
      largest.sort((a, b) => b.bytes - a.bytes);
      for (const account of largest) {
        if (!isTooMuch()) return;
        account.isLeaving = true;
        leavingBytes += account.bytes;
        account.holder.refuse();
      }
    },
    wake() {
      const all = [...waiting];
      waiting.clear();
      for (const account of all) notify(account);
    },
  };
}

function noUses(): ClientUses {
  return {
    ...{ unfinished: 0, received: 0, undecided: 0, waiting: 0, held: 0 },
    ...{ uncommitted: 0, outgoing: 0, loads: 0, known: 0, presence: 0 },
  };
}
