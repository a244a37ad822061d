import type { Commits } from './held-acknowledgements.ts';

/** The commits as one connection may hear of them. */
export interface WithheldAcknowledgements extends Commits {
  /**
   * Nothing more is acknowledged of this CoValue: the client counts transactions, and would take a count that covers
   * the stored ones for a confirmation of its refused ones.
   */
  withhold(id: string): void;
}

export function withholdAcknowledgements(commits: Commits): WithheldAcknowledgements {
  const withheld = new Set<string>();
  const isWithheld = (id: string | undefined) => (id === undefined ? withheld.size > 0 : withheld.has(id));
  return {
    withhold: (id) => void withheld.add(id),
    afterCommit(id, run) {
      commits.afterCommit(id, () => {
        if (!isWithheld(id)) run();
      });
    },
  };
}
