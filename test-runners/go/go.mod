module fencepost/fenceposttest

go 1.24
