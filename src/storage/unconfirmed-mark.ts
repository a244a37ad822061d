/** The peer ID under which sync marks stored content that not every relay has confirmed. */
export const unconfirmedMark = 'maia-unconfirmed';
