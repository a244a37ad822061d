import type { Principal } from '../../auth/principal.ts';
import type { Authorizer, Rights } from '../../authorize/authorizer.ts';

/** What one client may load, by the operator's `authorize`. */
export interface ClientRights {
  /** Whether it may have the CoValue by a yes that is kept. */
  has(id: string): boolean;
  /** A promise unless the answer is known at once. It never rejects. */
  mayLoad(id: string): boolean | Promise<boolean>;
  /** For the CoValue alone. */
  decide: Rights['decide'];
  /** The CoValue is sent because `root` depends on it: who may have that may have this. */
  goesAlong(id: string, root: string): void;
  /** Whether the client has got it only with another one. */
  isAlong(id: string): boolean;
  close(): void;
}

export function createClientRights(
  { rightsOf }: Authorizer,
  user: () => Principal | undefined,
  appID: string | undefined,
): ClientRights {
  /** By what goes along. */
  const roots = new Map<string, string>();
  let known: { readonly of: Principal | undefined; readonly rights: Rights } | undefined;

  /** Another token of the same user may have other claims. */
  function rights(): Rights {
    const of = user();
    if (known?.of !== of || !known) {
      known?.rights.close();
      known = { of, rights: rightsOf(of, appID) };
    }
    return known.rights;
  }

  const rootOf = (id: string) => roots.get(id) ?? id;

  function has(id: string): boolean {
    return rights().has(rootOf(id), 'load') || rights().has(id, 'load');
  }

  function mayLoad(id: string): boolean | Promise<boolean> {
    if (has(id)) return true;
    const root = rootOf(id);
    const byRoot = decide(root, 'load');
    if (root === id || byRoot === true) return byRoot;
    if (byRoot === false) return decide(id, 'load');
    return byRoot.then((isYes) => isYes || decide(id, 'load'));
  }

  const decide: Rights['decide'] = (id, action) => rights().decide(id, action);

  return {
    has,
    mayLoad,
    decide,
    goesAlong(id, root) {
      const earlier = roots.get(id);
      const latest = rootOf(root);
      if (latest !== id && !(earlier && rights().has(earlier, 'load'))) roots.set(id, latest);
    },
    isAlong: (id) => roots.has(id),
    close: () => known?.rights.close(),
  };
}

/** Whether all are yes. */
export function allYes(answers: readonly (boolean | Promise<boolean>)[]): boolean | Promise<boolean> {
  if (answers.includes(false)) return false;
  if (answers.every((answer) => answer === true)) return true;
  return Promise.all(answers.map(async (answer) => answer)).then((settled) => settled.every(Boolean));
}
