const nothing = () => {};
const measures = {
  wire: { received: nothing, sent: nothing, refused: nothing, refusedContent: nothing },
  committed: nothing,
};

/** Metrics that count nothing. */
export const noMetrics = { of: () => measures, decided: nothing };
