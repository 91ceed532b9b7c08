// Bindings of small native classes: histograms (`performance`) and lists of addresses (`block_list`).
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

    // ---- addresses ----

    complete('block_list', (binding) => {
        const { AF_INET, AF_INET6 } = binding;
        const invalid = () => node.coded(Error, 'ERR_INVALID_ADDRESS', 'Invalid socket address');

        // The bytes of an address as one number, or undefined.
        function number(text, family) {
            if (family === AF_INET) {
                const parts = text.split('.');
                if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && part < 256)) return undefined;
                return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
            }
            let address = text.replace(/%.*$/, '');
            const tail = /^(.*:)([\d.]+)$/.exec(address);
            if (tail && tail[2].includes('.')) {
                const four = number(tail[2], AF_INET);
                if (four === undefined) return undefined;
                address = `${tail[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
            }
            const halves = address.split('::');
            if (halves.length > 2) return undefined;
            const [head, rest] = halves.map((half) => (half === '' ? [] : half.split(':')));
            const count = head.length + (rest?.length ?? 0);
            if (rest === undefined ? count !== 8 : count > 7) return undefined;
            const groups = [...head, ...Array(rest === undefined ? 0 : 8 - count).fill('0'), ...(rest ?? [])];
            if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
            return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
        }

        binding.SocketAddress = class SocketAddress {
            constructor(address, port, family, flowlabel) {
                const value = number(address, family);
                if (value === undefined) throw invalid();
                Object.assign(this, { address, port, family, value, flow: flowlabel });
            }

            detail(object) {
                const { address, port, family, flow } = this;
                return Object.assign(object, { address, port, family, flowlabel: flow });
            }

            flowlabel() {
                return this.flow;
            }
        };

        const MAPPED = 0xffffn << 32n;
        // An IPv4 address may be written as IPv6.
        const inFamily = ({ family, value }, wanted) => {
            if (family === wanted) return value;
            if (family === AF_INET6 && value >> 32n === 0xffffn) return value & 0xffffffffn;
            return family === AF_INET && wanted === AF_INET6 ? MAPPED | value : undefined;
        };
        const named = (family) => (family === AF_INET ? 'IPv4' : 'IPv6');

        binding.BlockList = class BlockList {
            #rules = [];

            #add(family, from, to, text) {
                this.#rules.unshift({ family, from, to, text });
            }

            addAddress({ family, value, address }) {
                this.#add(family, value, value, `Address: ${named(family)} ${address}`);
            }

            addRange(start, end) {
                if (start.value > end.value) return false;
                this.#add(start.family, start.value, end.value, `Range: ${named(start.family)} ${start.address}-${end.address}`);
                return true;
            }

            addSubnet({ family, value, address }, prefix) {
                const free = BigInt((family === AF_INET ? 32 : 128) - prefix);
                const from = (value >> free) << free;
                this.#add(family, from, from | ((1n << free) - 1n), `Subnet: ${named(family)} ${address}/${prefix}`);
            }

            check(address) {
                return this.#rules.some(({ family, from, to }) => {
                    const value = inFamily(address, family);
                    return value !== undefined && value >= from && value <= to;
                });
            }

            getRules() {
                return this.#rules.map(({ text }) => text);
            }
        };
    });
})
