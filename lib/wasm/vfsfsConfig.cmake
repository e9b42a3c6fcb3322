# find_package(vfsfs), then target_link_libraries(app vfsfs::vfsfs), or
# vfsfs::vfsfs-mt for a program built with -pthread.
get_filename_component(_vfsfs_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
foreach(_vfsfs IN ITEMS vfsfs vfsfs-mt)
	if(NOT TARGET vfsfs::${_vfsfs})
		add_library(vfsfs::${_vfsfs} STATIC IMPORTED)
		set_target_properties(vfsfs::${_vfsfs} PROPERTIES
			IMPORTED_LOCATION "${_vfsfs_prefix}/lib/lib${_vfsfs}.a"
			INTERFACE_INCLUDE_DIRECTORIES "${_vfsfs_prefix}/include")
		if(_vfsfs STREQUAL "vfsfs-mt")
			set_target_properties(vfsfs::vfsfs-mt PROPERTIES
				INTERFACE_COMPILE_OPTIONS -pthread
				INTERFACE_LINK_OPTIONS -pthread)
		endif()
	endif()
endforeach()
unset(_vfsfs)
unset(_vfsfs_prefix)
