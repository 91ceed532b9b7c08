// Addresses of the Internet: the `block_list` binding, and `cares_wrap`'s conversions of IPv6 addresses.
((node) => {
    'use strict';

    const { isIPv4, isIPv6 } = {
        isIPv4: (text) => node.require('internal/net').isIPv4(text),
        isIPv6: (text) => node.require('internal/net').isIPv6(text),
    };

    // The eight groups of an IPv6 address.
    function groups(address) {
        let [text] = address.split('%');
        const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
        if (dotted) {
            const [, before, ...parts] = dotted;
            const [a, b, c, d] = parts.map(Number);
            text = `${before}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        }
        const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))));
        return tail === undefined ? head : [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
    }

    function bytes(address) {
        if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
        return isIPv6(address) ? Uint8Array.from(groups(address).flatMap((group) => [group >> 8, group & 255])) : undefined;
    }

    // The form of inet_ntop.
    function canonical(address) {
        if (isIPv4(address)) return address;
        if (!isIPv6(address)) return undefined;
        const parts = groups(address);
        const isMapped = parts.slice(0, 5).every((group) => group === 0) && parts[5] === 0xffff;
        if (isMapped) return `::ffff:${parts[6] >> 8}.${parts[6] & 255}.${parts[7] >> 8}.${parts[7] & 255}`;
        // The longest run of zeros is omitted.
        let [best, length] = [-1, 1];
        for (let at = 0; at < 8; at++) {
            let end = at;
            while (end < 8 && parts[end] === 0) end++;
            if (end - at > length) [best, length] = [at, end - at];
        }
        const hex = parts.map((group) => group.toString(16));
        return best < 0 ? hex.join(':') : `${hex.slice(0, best).join(':')}::${hex.slice(best + length).join(':')}`;
    }

    const isMapped = (address) => address.length === 16 && address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255;

    // The same family for both addresses; undefined if they cannot be compared.
    function alike(one, other) {
        if (one.length === other.length) return [one, other];
        if (isMapped(one)) return [one.subarray(12), other];
        return isMapped(other) ? [one, other.subarray(12)] : undefined;
    }

    // Negative, 0 or positive; NaN if the addresses cannot be compared.
    function compare(one, other) {
        const pair = alike(one, other);
        if (pair === undefined) return NaN;
        for (let at = 0; at < pair[0].length; at++) if (pair[0][at] !== pair[1][at]) return pair[0][at] - pair[1][at];
        return 0;
    }

    function isInSubnet(address, network, prefix) {
        const pair = alike(address, network);
        if (pair === undefined) return false;
        const [one, other] = pair;
        // The prefix counts in the network's own family.
        const bits = network.length > other.length ? Math.max(0, prefix - 96) : prefix;
        for (let at = 0; at < one.length && at * 8 < bits; at++) {
            const mask = bits - at * 8 >= 8 ? 255 : 255 & (255 << (8 - (bits - at * 8)));
            if ((one[at] & mask) !== (other[at] & mask)) return false;
        }
        return true;
    }

    node.complete('block_list', (binding) => {
        const { AF_INET } = binding;
        class SocketAddress {
            #parts;
            constructor(address, port, family, flowlabel) {
                const isValid = family === AF_INET ? isIPv4(address) : isIPv6(address);
                if (!isValid) throw node.coded(Error, 'ERR_INVALID_ADDRESS', 'Invalid socket address');
                this.#parts = { address: canonical(address), port, family, flowlabel: family === AF_INET ? 0 : flowlabel };
            }
            detail(target) { return Object.assign(target, this.#parts); }
            flowlabel() { return this.#parts.flowlabel; }
            static bytes(handle) { return bytes(handle.#parts.address); }
            static text(handle) { return `${handle.#parts.family === AF_INET ? 'IPv4' : 'IPv6'} ${handle.#parts.address}`; }
        }
        const { bytes: bytesOf, text: textOf } = SocketAddress;
        delete SocketAddress.bytes;
        delete SocketAddress.text;

        class BlockList {
            #rules = []; // [text, test], newest first
            addAddress(handle) {
                const blocked = bytesOf(handle);
                this.#rules.unshift([`Address: ${textOf(handle)}`, (address) => compare(address, blocked) === 0]);
            }
            addRange(start, end) {
                const [first, last] = [bytesOf(start), bytesOf(end)];
                if (!(compare(first, last) <= 0)) return false;
                this.#rules.unshift([`Range: ${textOf(start)}-${textOf(end).slice(5)}`, (address) => compare(address, first) >= 0 && compare(address, last) <= 0]);
                return undefined;
            }
            addSubnet(handle, prefix) {
                const network = bytesOf(handle);
                this.#rules.unshift([`Subnet: ${textOf(handle)}/${prefix}`, (address) => isInSubnet(address, network, prefix)]);
            }
            check(handle) {
                const address = bytesOf(handle);
                return this.#rules.some(([, test]) => test(address));
            }
            getRules() { return this.#rules.map(([text]) => text); }
        }
        Object.assign(binding, { SocketAddress, BlockList });
    });

    node.addresses = { canonical, bytes6: (address) => (isIPv6(address) ? node.bufferOf(bytes(address)) : undefined) };
})
