// ---- before the engine is frozen ------------------------------------------------------------------------

// The engine makes most of its own functions when they are first read. Made now, they cost no login anything.
function settle(...roots) {
    const seen = new Set();
    while (roots.length > 0) {
        const object = roots.pop();
        if (object === null || (typeof object !== 'object' && typeof object !== 'function') || seen.has(object)) continue;
        seen.add(object);
        roots.push(getPrototypeOf(object));
        for (const key of Reflect.ownKeys(object)) {
            // Plain functions get their prototype when they are first used as constructors, and few ever are.
            if (key === 'prototype' && typeof object === 'function' && `${toSource.call(object)}`.startsWith('function') && !toSource.call(object).includes('[native code]')) continue;
            const property = getOwnPropertyDescriptor(object, key);
            roots.push(property?.value ?? null, property?.get ?? null, property?.set ?? null);
        }
    }
}

// Newer than production's engine, and captured by all who need it here.
delete Error.isError;

settle(globalThis, realm.global, apis, actionConsole);

// Kept: the names of an event's properties and the shapes of its objects are there when the first event comes.
realm.samples = SAMPLES.map((sample) => parse(sample));
