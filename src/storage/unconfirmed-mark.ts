/** The peer ID under which sync marks stored content that no relay has confirmed. */
export const unconfirmedMark = 'maia-unconfirmed';
