// Histograms of the `performance` binding.
((node) => {
    'use strict';

    const { complete } = node;
    const { floor, log2, sqrt, pow, min, max } = Math;

    // ---- HdrHistogram with its three figures: values that differ by less than a thousandth count as the same ----

    const EMPTY_MIN = 9223372036854775807n;

    class Histogram {
        #lowest;
        #highest;
        #counts = new Map(); // lowest equivalent value → count
        #total = 0;
        #exceeds = 0;
        #previous = 0;

        constructor(lowest = 1, highest = Number.MAX_SAFE_INTEGER) {
            this.#lowest = Number(lowest);
            this.#highest = Number(highest);
        }

        #unit(value) {
            const shift = max(0, floor(log2(max(1, value))) - 10);
            return pow(2, shift + floor(log2(max(1, this.#lowest))) * (shift === 0 ? 1 : 0));
        }

        #floor(value) {
            const unit = this.#unit(value);
            return floor(value / unit) * unit;
        }

        #top(value) {
            return this.#floor(value) + this.#unit(value) - 1;
        }

        #middle(value) {
            return this.#floor(value) + floor(this.#unit(value) / 2);
        }

        #sorted() {
            return [...this.#counts].sort(([one], [other]) => one - other);
        }

        record(value) {
            const number = Number(value);
            if (number > this.#highest || number < 0) {
                this.#exceeds++;
                return;
            }
            const key = this.#floor(number);
            this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
            this.#total++;
        }

        recordDelta() {
            const now = floor(node.host.now() * 1e6);
            const delta = now - this.#previous;
            if (this.#previous > 0 && delta > 0) this.record(delta);
            this.#previous = now;
        }

        add(other) {
            for (const [value, count] of other.#counts) {
                const key = this.#floor(value);
                this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
            }
            this.#total += other.#total;
            this.#exceeds += other.#exceeds;
        }

        reset() {
            this.#counts.clear();
            this.#total = this.#exceeds = this.#previous = 0;
        }

        count() {
            return this.#total;
        }

        countBigInt() {
            return BigInt(this.#total);
        }

        exceeds() {
            return this.#exceeds;
        }

        exceedsBigInt() {
            return BigInt(this.#exceeds);
        }

        min() {
            return this.#total === 0 ? Number(EMPTY_MIN) : this.#sorted()[0][0];
        }

        minBigInt() {
            return this.#total === 0 ? EMPTY_MIN : BigInt(this.min());
        }

        max() {
            return this.#total === 0 ? 0 : this.#top(this.#sorted().at(-1)[0]);
        }

        maxBigInt() {
            return BigInt(this.max());
        }

        mean() {
            let sum = 0;
            for (const [value, count] of this.#counts) sum += this.#middle(value) * count;
            return sum / this.#total;
        }

        stddev() {
            const mean = this.mean();
            let sum = 0;
            for (const [value, count] of this.#counts) sum += (this.#middle(value) - mean) ** 2 * count;
            return sqrt(sum / this.#total);
        }

        percentile(percentile) {
            const wanted = max(1, floor((min(percentile, 100) / 100) * this.#total + 0.5));
            let seen = 0;
            for (const [value, count] of this.#sorted()) {
                seen += count;
                if (seen >= wanted) return this.#top(value);
            }
            return 0;
        }

        percentileBigInt(percentile) {
            return BigInt(this.percentile(percentile));
        }

        // As HdrHistogram steps: half of what is left each time.
        #each(visit) {
            let next = 0;
            let seen = 0;
            let last = 0;
            for (const [value, count] of this.#sorted()) {
                seen += count;
                last = value;
                while (next <= (100 * seen) / this.#total) {
                    visit(next, last);
                    if (seen === this.#total) break;
                    next += 100 / pow(2, floor(log2(100 / (100 - next))) + 1);
                }
            }
            visit(100, last);
        }

        percentiles(map) {
            this.#each((percentile, value) => map.set(percentile, value));
        }

        percentilesBigInt(map) {
            this.#each((percentile, value) => map.set(percentile, BigInt(value)));
        }
    }

    complete('performance', (binding) => {
        binding.Histogram = Histogram;
        binding.createELDHistogram = () => Object.assign(new Histogram(), { start() {}, stop() {} });
    });
})
