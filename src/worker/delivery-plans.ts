import { isRecord } from '../base/record.ts';
import { committing, openDatabase, resultOf, type DatabaseShape } from '../storage/indexed-db.ts';

/** Written by tabs, for the service worker: the places that get an account's edits after its last tab. Contains no key. */
export interface DeliveryPlan {
  readonly v: 1;
  readonly accountID: string;
  readonly relays: readonly PlannedRelay[];
}

export interface PlannedRelay {
  /** As in the ledger. */
  readonly relayID: string;
  /** Its HTTP addresses, to be tried in turn; if it may ask for a ticket, only those that may get one. */
  readonly urls: readonly string[];
  readonly appVersion?: string;
  readonly ticket?: KeptTicket;
}

/** Permits nothing but pushes of what the account has signed. */
export interface KeptTicket {
  /** Absent if the relay gives none, as one that lets anyone in. */
  readonly token?: string;
  /** When it was asked for, in ms since the Unix epoch. */
  readonly sinceMs: number;
}

export interface DeliveryPlans {
  all(): Promise<readonly DeliveryPlan[]>;
  /** Keeps tickets of relays that have the same addresses as before. */
  put(plan: DeliveryPlan): Promise<void>;
  get(accountID: string): Promise<DeliveryPlan | undefined>;
  /** Does nothing if the plan was removed. */
  keepTicket(accountID: string, relayID: string, ticket: KeptTicket): Promise<void>;
  remove(accountID: string): Promise<void>;
}

const store = 'plans';
const shape: DatabaseShape = {
  name: 'maia-deliveries',
  version: 1,
  make: (db) => void db.createObjectStore(store, { keyPath: 'accountID' }),
};

/** Each call rejects if the browser refuses it. */
export function createDeliveryPlans(indexedDB: IDBFactory): DeliveryPlans {
  async function transact<T>(
    mode: IDBTransactionMode,
    run: (plans: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    const db = await openDatabase(indexedDB, shape);
    if (!db) throw new Error('The database of deliveries could not be opened.');
    try {
      return await committing(db.transaction(store, mode), (transaction) =>
        run(transaction.objectStore(store)),
      );
    } finally {
      db.close();
    }
  }

  const read = async (plans: IDBObjectStore, accountID: string) =>
    readPlan(await resultOf(plans.get(accountID) as IDBRequest<unknown>));

  return {
    all: () =>
      transact('readonly', async (plans) => {
        const values = await resultOf(plans.getAll() as IDBRequest<unknown[]>);
        return values.flatMap((value) => readPlan(value) ?? []);
      }),
    get: (accountID) => transact('readonly', (plans) => read(plans, accountID)),
    put: (plan) =>
      transact('readwrite', async (plans) => {
        const before = await read(plans, plan.accountID);
        plans.put({ ...plan, relays: plan.relays.map((relay) => withTicketOf(before, relay)) });
      }),
    keepTicket: (accountID, relayID, ticket) =>
      transact('readwrite', async (plans) => {
        const plan = await read(plans, accountID);
        if (!plan) return;
        const relays = plan.relays.map((relay) => (relay.relayID === relayID ? { ...relay, ticket } : relay));
        plans.put({ ...plan, relays });
      }),
    remove: (accountID) => transact('readwrite', (plans) => resultOf(plans.delete(accountID))),
  };
}

function withTicketOf(before: DeliveryPlan | undefined, relay: PlannedRelay): PlannedRelay {
  const same = before?.relays.find((other) => other.urls.join(' ') === relay.urls.join(' '));
  return same?.ticket ? { ...relay, ticket: same.ticket } : relay;
}

/** Undefined for a plan of a later version, or one that is damaged: the next tab writes another one. */
function readPlan(value: unknown): DeliveryPlan | undefined {
  if (!isRecord(value) || value['v'] !== 1 || typeof value['accountID'] !== 'string') return undefined;
  const { accountID, relays } = value;
  return Array.isArray(relays) && relays.every(isPlannedRelay) ? { v: 1, accountID, relays } : undefined;
}

function isPlannedRelay(value: unknown): value is PlannedRelay {
  if (!isRecord(value)) return false;
  const { relayID, urls, appVersion, ticket } = value;
  return (
    typeof relayID === 'string' &&
    Array.isArray(urls) &&
    urls.every((url) => typeof url === 'string' && URL.canParse(url)) &&
    (appVersion === undefined || typeof appVersion === 'string') &&
    (ticket === undefined || isKeptTicket(ticket))
  );
}

function isKeptTicket(value: unknown): value is KeptTicket {
  if (!isRecord(value)) return false;
  const { token, sinceMs } = value;
  return (token === undefined || typeof token === 'string') && typeof sinceMs === 'number';
}
