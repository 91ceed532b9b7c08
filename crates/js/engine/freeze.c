/* Joins quickjs.c, see xtask/src/quickjs.rs.

   A login runs on a copy-on-write image of the started engine. Counting references to what stands in the image would
   write to almost every page that a login reads, and each first write costs a fault and a copy. So everything that is
   alive when the image is taken is frozen: its count says so and is neither raised nor lowered any more. The sandbox is
   thrown away after the login, so nothing has to be freed. */

static void freeze_block(JSMallocBlockHeader *block)
{
    /* A shape that only one object has is changed in place; frozen, it would be copied first. */
    if (block->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE && block->ref_count == 1)
        return;
    block->ref_count = JS_FROZEN | JS_FROZEN_MARGIN;
}

/* Nobody takes the free blocks of an arena any more: what they held is no part of the image. */
static void clear_free_blocks(JSArena *arena, int block_size)
{
    int block_index = arena->first_free_block;

    while (block_index != JS_ARENA_FREE_NIL) {
        JSMallocBlockHeader *block = arena_get_block(arena, block_index, block_size);
        block_index = block->u.free_next;
        memset(block, 0, block_size);
    }
}

/* Freezes all that the arenas hold and begins new ones. What lies below `end` is never given back. */
void JS_FreezeHeap(JSRuntime *rt, uint8_t *end)
{
    int size_index, block_index;
    struct list_head *link;

    for (size_index = 0; size_index < JS_ARENA_BLOCK_SIZE_COUNT; size_index++) {
        list_for_each(link, &rt->arena_state.arena_list[size_index]) {
            JSArena *arena = list_entry(link, JSArena, link);
            for (block_index = 0; block_index < arena->n_blocks; block_index++) {
                freeze_block(arena_get_block(arena, block_index, arena_block_sizes[size_index]));
            }
            clear_free_blocks(arena, arena_block_sizes[size_index]);
        }
        init_list_head(&rt->arena_state.arena_list[size_index]);
        init_list_head(&rt->arena_state.free_arena_list[size_index]);
    }
    js_frozen_end = end;
}
