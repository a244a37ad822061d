import type { AgentSecret, CojsonInternalTypes, LocalNode, RawAccountID, SessionID } from 'cojson';
import type { Operation } from './honest-steps.ts';
import { operate } from './operation.ts';
import type { Outcome, Shared } from './shared-values.ts';
import { show, type Shown } from './shown.ts';

export type Content = CojsonInternalTypes.NewContentMessage;
/** How much somebody has, by CoValue. */
export type Known = Readonly<
  Record<string, ReturnType<LocalNode['getCoValue']>['knownState'] extends () => infer K ? K : never>
>;

export interface Person {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
}

/** Everything that a client does, in this thread or in another one. */
export interface ClientCalls {
  /** Makes an account, with its client. */
  create(): Promise<Person>;
  /** Opens one more client of an account. */
  open(person: Person, contents: readonly Content[]): Promise<number>;
  operate(client: number, operation: Operation, shared: Shared): Promise<Outcome>;
  known(client: number): Promise<Known>;
  /** What the client has beyond this. */
  beyond(client: number, known: Known): Promise<readonly Content[]>;
  take(client: number, contents: readonly Content[]): Promise<void>;
  reload(client: number, isSameSession: boolean): Promise<void>;
  show(client: number, shared: Shared): Promise<Shown>;
}

/** How clients of one kind are made. */
export interface ClientKind {
  create(): Promise<{ readonly person: Person; readonly node: LocalNode }>;
  openNode(person: Person, sessionID?: SessionID): Promise<LocalNode>;
  /** Returns what the client takes of what it is sent. */
  admit(node: LocalNode, content: Content): Content | undefined;
}

export function createClientCalls(kind: ClientKind): ClientCalls {
  const clients: { readonly person: Person; node: LocalNode }[] = [];
  const find = (index: number) => {
    const client = clients[index];
    if (!client) throw new Error('There is no such client.');
    return client;
  };

  async function open(person: Person, contents: readonly Content[], sessionID?: SessionID) {
    const node = await kind.openNode(person, sessionID);
    for (const content of contents) node.syncManager.handleNewContent(structuredClone(content), 'storage');
    await turn();
    return { person, node };
  }

  return {
    async create() {
      const client = await kind.create();
      clients.push(client);
      return client.person;
    },
    open: async (person, contents) => clients.push(await open(person, contents)) - 1,
    async operate(client, operation, shared) {
      const outcome = await operate(find(client).node, operation, shared);
      await turn();
      return outcome;
    },
    known: (client) => Promise.resolve(knownBy(find(client).node)),
    beyond: (client, known) => Promise.resolve(contentBeyond(find(client).node, known)),
    async take(client, contents) {
      const { node } = find(client);
      for (const content of contents) {
        const admitted = kind.admit(node, structuredClone(content));
        if (admitted) node.syncManager.handleNewContent(admitted, 'import');
      }
      await turn();
    },
    async reload(index, isSameSession) {
      const { person, node } = find(index);
      const sessionID = isSameSession ? node.currentSessionID : undefined;
      clients[index] = await open(person, contentBeyond(node, {}), sessionID);
    },
    async show(client, shared) {
      const { node } = find(client);
      show(node, shared);
      // What reading has changed is shown, too.
      await turn();
      return show(node, shared);
    },
  };
}

export function knownBy(node: LocalNode): Known {
  return Object.fromEntries(
    [...node.allCoValues()].flatMap((core) => (core.verified ? [[core.id, core.knownState()]] : [])),
  );
}

export function contentBeyond(node: LocalNode, known: Known): readonly Content[] {
  return [...node.allCoValues()].flatMap(({ id, verified }) =>
    verified ? (node.getCoValue(id).newContentSince(known[id]) ?? []) : [],
  );
}

/** cojson's microtasks run. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
