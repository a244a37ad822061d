import type { AgentSecret, RawAccountID } from 'cojson';

/** How a page is told what to do: by a function that the driver calls. */
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

/** The relay that the address names; none where it names none. */
export function relayOfPage(): string | undefined {
  return new URLSearchParams(location.search).get('relay') ?? undefined;
}
