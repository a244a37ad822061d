/** The peer id under which sync marks, in a device's storage, what no relay has confirmed. */
export const unconfirmedMark = 'maia-unconfirmed';
