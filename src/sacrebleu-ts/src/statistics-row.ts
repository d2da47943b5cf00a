/** A metric's counts for one segment, or their sum over many: same length, added place by place. */
export type StatisticsRow = readonly number[];
