import type { AgentSecret, RawAccountID } from 'cojson';

/** Registers a function that the driver calls in the page. */
export function ask<Told, Answer>(name: string, run: (told: Told) => Promise<Answer>): void {
  Object.assign(globalThis, { [name]: run });
}

/** What a stock app needs to open its account again. */
export interface Credentials {
  readonly accountID: string;
  readonly agentSecret: string;
}

const key = 'credentials';

export function keep(credentials: Credentials): void {
  localStorage.setItem(key, JSON.stringify(credentials));
}

export function kept(): { readonly accountID: RawAccountID; readonly agentSecret: AgentSecret } {
  return JSON.parse(localStorage.getItem(key) ?? '') as ReturnType<typeof kept>;
}

/** The relay in the page's address, if any. */
export function relayOfPage(): string | undefined {
  return new URLSearchParams(location.search).get('relay') ?? undefined;
}
